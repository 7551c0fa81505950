/**
 * What is to be done for a build, from what is known. Pure.
 *
 * 1. A box is built from its *inputs*: the recipe as resolved, its files, the digest of the base box, the names of secrets. What the
 *    catalogue has from the same inputs, and what waits to be merged from them, is not built again, unless asked to.
 * 2. A build that was cut is taken up: a stage is done if it had the same inputs, the file of the stage before among them, and its own
 *    file is still what it was.
 * 3. A version that the catalogue has is never made again.
 */
import { createHash } from 'node:crypto';
import type { RecipeSpec } from '../../desired/recipe.ts';
import type { BuildJournal } from './journal.ts';

/** What of the catalogue's entry counts here. */
export type Catalogued = {
  readonly version: string;
  readonly provider: string;
  readonly inputs?: string | undefined;
};

export type BuildPlan =
  /** The catalogue has it. */
  | { readonly state: 'catalogued'; readonly version: string }
  /** It is built, and waits to be put into the catalogue. */
  | {
      readonly state: 'built';
      readonly result: NonNullable<BuildJournal['result']>;
      readonly version: string;
    }
  /** @param taken-up whether the journal's build is gone on with */
  | { readonly state: 'build'; readonly version: string; readonly takenUp: boolean };

export type BuildAsked = {
  /** null: by the recipe. */
  readonly version: string | null;
  /** Also what is built already. */
  readonly again: boolean;
};

export function planBuild(
  recipe: RecipeSpec,
  catalogue: readonly Catalogued[],
  journal: BuildJournal | null,
  asked: BuildAsked,
  now: number,
): BuildPlan {
  const inputs = buildInputs(recipe);
  const same = catalogue.find((one) => one.inputs === inputs && one.provider === recipe.provider);
  const begun = journal !== null && journal.inputs === inputs ? journal : null;
  if (!asked.again && same !== undefined) return { state: 'catalogued', version: same.version };
  if (!asked.again && begun?.result) return { state: 'built', result: begun.result, version: begun.version };
  const taken = new Set(catalogue.map(({ version }) => version));
  const open = begun !== null && begun.result === null && !taken.has(begun.version) ? begun : null;
  if (open !== null && (asked.version === null || asked.version === open.version))
    return { state: 'build', version: open.version, takenUp: true };
  const version = asked.version ?? freeVersion(recipe.version, taken, now);
  return { state: 'build', version, takenUp: false };
}

/** The recipe's version at a time, in UTC; followed by `.1`, `.2`… where it is taken. */
export function freeVersion(pattern: string, taken: ReadonlySet<string>, now: number): string {
  const at = new Date(now);
  const version = pattern
    .replaceAll('{yyyy}', String(at.getUTCFullYear()))
    .replaceAll('{m}', String(at.getUTCMonth() + 1))
    .replaceAll('{d}', String(at.getUTCDate()));
  if (!taken.has(version)) return version;
  for (let part = 1; ; part += 1) if (!taken.has(`${version}.${part}`)) return `${version}.${part}`;
}

/** Digest over all that the box is built from. */
export function buildInputs(recipe: RecipeSpec): string {
  return digestOf([
    'boxreeve build 1',
    recipe.box,
    recipe.provider,
    filesOf(recipe),
    recipe.stages.map(stageOf),
  ]);
}

/** Digest over all that a stage's file is made from. @param input SHA-256 of the file of the stage before; null for the first */
export function stageInputs(recipe: RecipeSpec, index: number, input: string | null): string {
  const stage = recipe.stages[index];
  return digestOf([
    'boxreeve stage 1',
    recipe.provider,
    filesOf(recipe),
    stage === undefined ? null : stageOf(stage),
    input,
  ]);
}

/** Why this host may not build it; null if it may. */
export function mayNotBuild(
  { name, builders }: RecipeSpec,
  host: { readonly host: string; readonly labels: readonly string[] },
): string | null {
  if (builders === null || builders.hosts.includes(host.host)) return null;
  if (builders.labels.some((label) => host.labels.includes(label))) return null;
  const who = [...builders.hosts, ...builders.labels.map((label) => `hosts with the label ${label}`)].join(
    ', ',
  );
  return `recipe ${name} is built by ${who}, not by ${host.host}: see its \`builders\``;
}

function stageOf(stage: RecipeSpec['stages'][number]): unknown {
  const given = [stage.name, sorted(stage.env), stage.secrets.toSorted()];
  switch (stage.kind) {
    case 'command':
      return [...given, 'command', stage.command, stage.output];
    case 'vagrant':
      return [...given, 'vagrant', stage.base?.sha256 ?? null, stage.wait, stage.vagrantfile];
  }
}

function filesOf({ files }: RecipeSpec): unknown {
  return files.map(({ path, executable, sha256 }) => [path, executable, sha256]);
}

function sorted(env: Readonly<Record<string, string>>): unknown {
  return Object.entries(env).toSorted(([one], [other]) => (one < other ? -1 : 1));
}

function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
