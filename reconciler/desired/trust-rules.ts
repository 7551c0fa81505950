/** `trust/rules.yaml`: which approver may change what, and how many of them it takes. */
import { type Approvers, namesOf, trustFile } from './approvers.ts';
import type { DesiredFiles, Loaded } from './desired-files.ts';
import type { TrustRules as RulesFile } from './generated/trust-rules.ts';
import { pointer } from './json-pointer.ts';
import { didYouMean } from './nearest.ts';
import { matchesPath } from './path-pattern.ts';

export const RULES = 'trust/rules.yaml';

export type TrustRule = {
  /** Whether it is about a path in the desired state. */
  readonly matches: (path: string) => boolean;
  /** Who may; null: each approver. */
  readonly approvers: readonly string[] | null;
  readonly signatures: number;
};

export type TrustRules = {
  /** Approvers whose signature counts for clean merges alone. */
  readonly forges: ReadonlySet<string>;
  readonly rules: readonly TrustRule[];
};

export const NO_RULES: TrustRules = { forges: new Set(), rules: [] };

/** The last rule that is about a path; undefined: each approver may change it alone. */
export function ruleFor({ rules }: TrustRules, path: string): TrustRule | undefined {
  return rules.findLast((rule) => rule.matches(path));
}

/** undefined if the file has mistakes of form; all mistakes go to the complaints. */
export async function readTrustRules(
  files: DesiredFiles,
  approvers: Approvers,
): Promise<TrustRules | undefined> {
  if ((await trustFile(files, RULES)) === undefined) return NO_RULES;
  const loaded = await files.trustRules();
  if (loaded === undefined) return undefined;
  checkNames(files, loaded, approvers);
  const { forges, rules } = loaded.data;
  return {
    forges: new Set(forges ?? []),
    rules: (rules ?? []).map(({ paths, approvers: may, signatures }) => {
      return {
        matches: (path) => paths.some((pattern) => matchesPath(pattern, path)),
        approvers: may ?? null,
        signatures: signatures ?? 1,
      };
    }),
  };
}

/** A rule that nobody can meet would shut a path for good; a name misspelt would let nobody in. */
function checkNames(
  { complaints }: DesiredFiles,
  { data, yaml }: Loaded<RulesFile>,
  approvers: Approvers,
): void {
  const known = namesOf(approvers);
  const forges = new Set(data.forges ?? []);
  const unknown = (name: string, at: string) =>
    complaints.add(yaml.place(at), `"${name}" has no key in trust/${didYouMean(name, known)}`);
  for (const [index, name] of (data.forges ?? []).entries())
    if (!known.has(name)) unknown(name, pointer('forges', index));
  for (const [index, rule] of (data.rules ?? []).entries()) {
    for (const [at, name] of (rule.approvers ?? []).entries())
      if (!known.has(name)) unknown(name, pointer('rules', index, 'approvers', at));
    const people = (rule.approvers ?? [...known]).filter((name) => known.has(name) && !forges.has(name));
    const keys = new Set(
      approvers.signers
        .filter(({ principals }) => principals.some((name) => people.includes(name)))
        .map(({ key }) => key),
    );
    const needed = rule.signatures ?? 1;
    if (keys.size >= needed) continue;
    const place =
      rule.signatures === undefined ? pointer('rules', index) : pointer('rules', index, 'signatures');
    complaints.add(
      yaml.place(place),
      `nobody could ever change this: it takes ${count(needed, 'signature')}, and of people who could give one there ${keys.size === 1 ? 'is' : 'are'} ${count(keys.size, 'key')}`,
    );
  }
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
