/** What `fleet.yaml` says, checked and with defaults filled in. */
import { DAY } from '../clock.ts';
import { parseDuration } from '../duration.ts';
import { showPlace } from '../errors.ts';
import type { DesiredFiles, Loaded } from './desired-files.ts';
import { readWindows } from './fleet-windows.ts';
import type { Fleet, Reboot } from './generated/fleet.ts';
import { pointer } from './json-pointer.ts';
import { didYouMean } from './nearest.ts';
import { publicKeyProblem } from './public-key.ts';
import type { RebootSpec, WindowSpec } from './spec.ts';

export type FleetRules = {
  readonly windows: ReadonlyMap<string, WindowSpec>;
  /** Name of the window of guests that have none of their own. */
  readonly defaultWindow: string | null;
  /** Milliseconds; null: never. */
  readonly recycleEvery: number | null;
  /** When hosts that say nothing themselves are rebooted; null: never. */
  readonly reboot: RebootSpec | null;
  /** Milliseconds. */
  readonly checkInEvery: number;
  /** Audit branch, with `{host}` in it. */
  readonly auditBranch: string;
  readonly requireSignedCommits: boolean;
  readonly warnings: readonly string[];
};

export const DEFAULT_CHECK_IN = DAY;
export const DEFAULT_AUDIT_BRANCH = 'audit/{host}';
const APPROVERS = 'trust/approvers';

/** undefined if `fleet.yaml` has mistakes of form; all mistakes go to the complaints. */
export async function readFleetRules(files: DesiredFiles): Promise<FleetRules | undefined> {
  const fleet = await files.fleet();
  if (fleet === undefined) return undefined;
  const { defaults, audit, trust } = fleet.data;
  const windows = readWindows(files, fleet);
  const defaultWindow = defaults?.window ?? null;
  if (defaultWindow !== null && !windows.has(defaultWindow)) {
    const at = fleet.yaml.place(pointer('defaults', 'window'));
    files.complaints.add(at, `defaults.window ${unknownWindow(defaultWindow, windows)}`);
  }
  const auditBranch = audit?.branch ?? DEFAULT_AUDIT_BRANCH;
  if (!isBranch(auditBranch.replaceAll('{host}', 'host'))) {
    const at = fleet.yaml.place(pointer('audit', 'branch'));
    files.complaints.add(at, `audit.branch "${auditBranch}" is not the name of a Git branch`);
  }
  const requireSignedCommits = trust?.requireSignedCommits ?? false;
  if (requireSignedCommits) await checkApprovers(files, fleet);
  return {
    windows,
    defaultWindow,
    recycleEvery: recycleEvery(defaults?.recycle) ?? null,
    reboot: rebootOf(defaults?.reboot) ?? null,
    checkInEvery: parseDuration(defaults?.checkIn ?? '') || DEFAULT_CHECK_IN,
    auditBranch,
    requireSignedCommits,
    warnings: warningsOf(fleet),
  };
}

/** `"nightl" is not a window of fleet.yaml; did you mean …`. */
export function unknownWindow(name: string, windows: FleetRules['windows']): string {
  return `"${name}" is not a window of fleet.yaml${didYouMean(name, windows.keys())}`;
}

/** Milliseconds; null for never, undefined if nothing is said. */
export function recycleEvery(recycle: { readonly every: string } | undefined): number | null | undefined {
  if (recycle === undefined) return undefined;
  return recycle.every === 'never' ? null : (parseDuration(recycle.every) ?? null);
}

/** undefined if nothing is said. */
export function rebootOf(reboot: Reboot | undefined): RebootSpec | undefined {
  if (reboot === undefined) return undefined;
  const { every, after } = reboot;
  return { every: every === undefined ? null : (recycleEvery({ every }) ?? null), after: after ?? null };
}

/** What `git check-ref-format` asks of a branch, and no leading dash, so that it is never taken for an option. */
function isBranch(name: string): boolean {
  if (/[\0-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|^[-/]|[/.]$/.test(name)) return false;
  return name.split('/').every((part) => !part.startsWith('.') && !part.endsWith('.lock'));
}

/** With nobody to sign, no commit would ever be applied again, not even one that puts it right. */
async function checkApprovers(files: DesiredFiles, fleet: Loaded<Fleet>): Promise<void> {
  const entry = await files.entry(APPROVERS);
  const at = fleet.yaml.place(pointer('trust', 'requireSignedCommits'));
  if (entry?.kind !== 'file') {
    files.complaints.add(
      at,
      `trust.requireSignedCommits is true, and there is no file ${APPROVERS} with a key to sign with`,
    );
    return;
  }
  const lines = (await files.tree.read(entry)).toString('utf8').split(/\r?\n/);
  let keys = 0;
  for (const [index, line] of lines.entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const problem = approverProblem(line);
    if (problem === undefined) keys += 1;
    else files.complaints.add({ file: entry.path, line: index + 1, column: 1 }, problem);
  }
  if (keys === 0)
    files.complaints.add(at, `trust.requireSignedCommits is true, and ${APPROVERS} holds no key`);
}

/** `principals [options] type key [comment]` (ssh-keygen(1), ALLOWED SIGNERS). */
function approverProblem(line: string): string | undefined {
  const key = /(?:^|[ \t])((?:ssh-|ecdsa-|sk-)[\w@.-]+[ \t]+\S+.*)$/.exec(line)?.[1];
  if (key === undefined) return 'this line is not of the form `who@example.org ssh-ed25519 AAAA…`';
  const problem = publicKeyProblem(key);
  return problem && `this line's key ${problem}`;
}

function warningsOf({ data, yaml }: Loaded<Fleet>): readonly string[] {
  const warnings: string[] = [];
  if (data.rollout !== undefined) {
    const at = showPlace(yaml.keyPlace(pointer('rollout')));
    warnings.push(
      `${at} rollout is read but not enforced by this version: each host changes in its own window`,
    );
  }
  if (data.trust?.requireSignedCommits !== true) {
    const at = showPlace(data.trust === undefined ? { file: yaml.file } : yaml.keyPlace(pointer('trust')));
    warnings.push(
      `${at} trust.requireSignedCommits is false: hosts apply whatever anyone who can push to the branch commits`,
    );
  }
  return warnings;
}
