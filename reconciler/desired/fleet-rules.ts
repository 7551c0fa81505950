/** What `fleet.yaml` says, checked and with defaults filled in. */
import { DAY } from '../clock.ts';
import { parseDuration } from '../duration.ts';
import { showPlace } from '../errors.ts';
import { APPROVERS, readApprovers, trustFile } from './approvers.ts';
import { auditRepoProblem } from './audit-repo.ts';
import type { DesiredFiles, Loaded } from './desired-files.ts';
import { readNotify } from './fleet-notify.ts';
import { type FleetHold, readHolds, readRollout } from './fleet-rollout.ts';
import { readWindows } from './fleet-windows.ts';
import type { Exposure, Fleet, Keep, Reboot } from './generated/fleet.ts';
import { pointer } from './json-pointer.ts';
import { didYouMean } from './nearest.ts';
import type { KeepSpec, NotifyTarget, RebootSpec, RolloutSpec, WindowSpec } from './spec.ts';
import { readTrustRules } from './trust-rules.ts';

export type FleetRules = {
  readonly windows: ReadonlyMap<string, WindowSpec>;
  /** Name of the window of guests that have none of their own. */
  readonly defaultWindow: string | null;
  /** Milliseconds; null: never. */
  readonly recycleEvery: number | null;
  /** When hosts that say nothing themselves are rebooted; null: never. */
  readonly reboot: RebootSpec | null;
  /** Which boxes hosts that say nothing themselves keep. */
  readonly keep: KeepSpec;
  /** What follows when others can get into a guest that says nothing itself; undefined: it is reported. */
  readonly exposure: Exposure | undefined;
  /** Milliseconds. */
  readonly checkInEvery: number;
  /** null: a change waits for no other host. */
  readonly rollout: RolloutSpec | null;
  readonly holds: readonly FleetHold[];
  readonly notify: readonly NotifyTarget[];
  /** Where hosts push to; null: the infra repo. */
  readonly auditRepo: string | null;
  /** Audit branch, with `{host}` in it. */
  readonly auditBranch: string;
  /** Of all hosts together. */
  readonly pushesPerMinute: number;
  readonly requireSignedCommits: boolean;
  /** How old the newest commit may be before it is an alarm, in milliseconds; null: as old as it likes. */
  readonly freshness: number | null;
  readonly warnings: readonly string[];
};

export const DEFAULT_CHECK_IN = DAY;
/** A server of one's own takes far more; a fleet of so many hosts or fewer never waits. */
const DEFAULT_PUSHES_PER_MINUTE = 60;
export const DEFAULT_AUDIT_BRANCH = 'audit/{host}';

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
  const auditRepo = audit?.repo ?? null;
  const repoProblem = auditRepo === null ? null : auditRepoProblem(auditRepo);
  if (repoProblem !== null) {
    const at = fleet.yaml.place(pointer('audit', 'repo'));
    files.complaints.add(at, `audit.repo ${repoProblem}`);
  }
  const rollout = await readRollout(files, fleet);
  const holds = await readHolds(files, fleet);
  const notify = readNotify(files, fleet);
  const trustWarnings = await checkTrust(files, fleet);
  return {
    windows,
    defaultWindow,
    recycleEvery: recycleEvery(defaults?.recycle) ?? null,
    reboot: rebootOf(defaults?.reboot) ?? null,
    keep: keepOf(defaults?.keep) ?? KEEP_NO_MORE,
    exposure: defaults?.exposure,
    checkInEvery: parseDuration(defaults?.checkIn ?? '') || DEFAULT_CHECK_IN,
    rollout,
    holds,
    notify,
    auditRepo,
    auditBranch,
    pushesPerMinute: audit?.pushesPerMinute ?? DEFAULT_PUSHES_PER_MINUTE,
    requireSignedCommits: trust?.requireSignedCommits ?? false,
    freshness: parseDuration(trust?.freshness ?? '') ?? null,
    warnings: [...warningsOf(fleet), ...trustWarnings],
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

const KEEP_NO_MORE: KeepSpec = { older: 0, files: null };

/** undefined if nothing is said. */
export function keepOf(keep: Keep | undefined): KeepSpec | undefined {
  return keep === undefined ? undefined : { older: keep.older ?? 0, files: keep.files ?? null };
}

/** What `git check-ref-format` asks of a branch, and no leading dash, so that it is never taken for an option. */
export function isBranch(name: string): boolean {
  if (/[\0-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|^[-/]|[/.]$/.test(name)) return false;
  return name.split('/').every((part) => !part.startsWith('.') && !part.endsWith('.lock'));
}

/** With nobody to sign, no commit would ever be applied again, not even one that puts it right. */
async function checkTrust(files: DesiredFiles, fleet: Loaded<Fleet>): Promise<readonly string[]> {
  const approvers = await readApprovers(files);
  await readTrustRules(files, approvers);
  if (fleet.data.trust?.requireSignedCommits !== true || approvers.signers.length > 0)
    return approvers.warnings;
  const at = fleet.yaml.place(pointer('trust', 'requireSignedCommits'));
  const there = (await trustFile(files, APPROVERS)) !== undefined;
  files.complaints.add(
    at,
    there
      ? `trust.requireSignedCommits is true, and ${APPROVERS} holds no key`
      : `trust.requireSignedCommits is true, and there is no file ${APPROVERS} with a key to sign with`,
  );
  return [];
}

function warningsOf({ data, yaml }: Loaded<Fleet>): readonly string[] {
  const warnings: string[] = [];
  if (data.trust?.requireSignedCommits !== true) {
    const at = showPlace(data.trust === undefined ? { file: yaml.file } : yaml.keyPlace(pointer('trust')));
    warnings.push(
      `${at} trust.requireSignedCommits is false: hosts apply whatever anyone who can push to the branch commits`,
    );
  }
  return warnings;
}
