/** What `boxreeve sync` prints, as JSON and for people. Pure. */
import type { AuditRecord } from '../audit/record.ts';
import { showDuration } from '../duration.ts';
import { type Complaint, ExitCode, InvalidDesiredState } from '../errors.ts';
import type { Standing } from '../exposure/standing.ts';
import type { CommitInfo } from '../git/ports.ts';
import type { Report } from '../reconcile.ts';
import { type ViolationLine, violationText } from './status.ts';

export type SyncDocument = {
  readonly host: string;
  readonly dryRun: boolean;
  readonly exitCode: ExitCode;
  /** The commit gone by; null if there is none yet. */
  readonly desired: { readonly commit: string; readonly subject: string } | null;
  readonly actions: readonly {
    readonly action: string;
    readonly kind: string;
    readonly reason: string;
    readonly before: string;
    readonly after: string;
    readonly result: string;
    readonly durationMs: number;
    readonly error: string | null;
  }[];
  readonly pending: readonly {
    readonly action: string;
    readonly kind: string;
    readonly reason: string;
    readonly gates: readonly { readonly kind: string; readonly detail: string }[];
  }[];
  readonly held: readonly string[];
  /** Ways in which others can get into the guests, as they were last looked into. */
  readonly violations: readonly ViolationLine[];
  readonly notes: readonly string[];
  readonly refused: {
    readonly commit: string;
    readonly error: string;
    readonly complaints: readonly Complaint[];
  } | null;
  readonly offline: string | null;
  readonly auditProblem: string | null;
  readonly unpushed: number;
  readonly records: readonly {
    readonly sequence: number;
    readonly id: string;
    readonly kind: string;
    readonly outcome: string;
    readonly summary: string;
  }[];
};

export type SyncFacts = {
  readonly host: string;
  readonly report: Report;
  readonly exposed: Standing;
  readonly desired: CommitInfo | null;
  readonly auditProblem: string | null;
  readonly unpushed: number;
  readonly dryRun: boolean;
};

export function syncDocument(facts: SyncFacts): SyncDocument {
  const { report, exposed } = facts;
  return {
    host: facts.host,
    dryRun: facts.dryRun,
    exitCode: exitCodeOf(report, facts.auditProblem, exposed),
    desired: facts.desired && { commit: facts.desired.commit, subject: facts.desired.subject },
    actions: report.outcomes.map(({ action, result, durationMs, error }) => ({
      action: action.id,
      kind: action.kind,
      reason: action.reason,
      before: action.before,
      after: action.after,
      result,
      durationMs,
      error,
    })),
    pending: report.pending.map(({ action, gates }) => ({
      action: action.id,
      kind: action.kind,
      reason: action.reason,
      gates: gates.map(({ kind, detail }) => ({ kind, detail })),
    })),
    held: report.seen?.plan.held.map(({ why }) => why) ?? [],
    violations: exposed.violations,
    notes: [...(report.seen?.plan.notes ?? []), ...exposed.doubts],
    refused: refusedPart(report),
    offline: report.accepted.offline,
    auditProblem: facts.auditProblem,
    unpushed: facts.unpushed,
    records: report.records.map(recordLine),
  };
}

function refusedPart(report: Report): SyncDocument['refused'] {
  const { refusal } = report.accepted;
  if (refusal === null) return null;
  const { commit, error } = refusal;
  return {
    commit,
    error: error.message,
    complaints: error instanceof InvalidDesiredState ? error.complaints : [],
  };
}

function recordLine({ sequence, id, kind, outcome, summary }: AuditRecord): SyncDocument['records'][number] {
  return { sequence, id, kind, outcome, summary };
}

/** The exit code of a reconcile (DESIGN §7). The first that applies: what a person must mend comes before what waits. */
export function exitCodeOf(
  report: Report,
  auditProblem: string | null,
  { refusals }: Pick<Standing, 'refusals'> = { refusals: [] },
): ExitCode {
  const { accepted, seen, outcomes, pending } = report;
  if (accepted.refusal !== null) return accepted.refusal.error.exitCode;
  if (seen === null || accepted.offline !== null || auditProblem !== null) return ExitCode.failed;
  if (outcomes.some(({ result }) => result === 'failed' || result === 'interrupted')) return ExitCode.failed;
  if (seen.plan.held.some(({ failed }) => failed) || seen.observation.unknown.length > 0)
    return ExitCode.failed;
  if (refusals.length > 0) return ExitCode.failed;
  return pending.some(({ gates }) => gates.length > 0) ? ExitCode.gated : ExitCode.fine;
}

export function showSync(document: SyncDocument): string {
  const lines = [
    ...done(document),
    ...document.pending.flatMap(({ action, reason, gates }) => [
      `${document.dryRun && gates.length === 0 ? 'would do' : 'waits'}  ${action}: ${reason}`,
      ...gates.map(({ detail }) => `         ${detail}`),
    ]),
    ...document.held.map((why) => `held   ${why}`),
    ...document.violations.map((violation) => `EXPOSED ${violationText(violation)}`),
    ...document.notes.map((note) => `note   ${note}`),
    ...trouble(document),
    ...document.records.map(({ sequence, summary }) => `record #${sequence} ${summary}`),
  ];
  return `${[...lines, conclusion(document)].join('\n')}\n`;
}

const SIGNS: Readonly<Record<string, string>> = {
  done: 'done  ',
  begun: 'begun ',
  failed: 'FAILED',
  skipped: 'skip  ',
  interrupted: 'CUT   ',
};

function done(document: SyncDocument): string[] {
  return document.actions.flatMap(({ action, reason, result, durationMs, error }) => [
    `${SIGNS[result] ?? result} ${action} (${showDuration(durationMs)}): ${reason}`,
    ...(error === null ? [] : [`         ${error}`]),
  ]);
}

function trouble({ refused, offline, auditProblem, unpushed }: SyncDocument): string[] {
  return [
    ...(refused === null ? [] : [`REFUSED commit ${refused.commit.slice(0, 7)}:`, refused.error]),
    ...(offline === null ? [] : [`offline ${offline}`]),
    ...(auditProblem === null ? [] : [`AUDIT  ${auditProblem}`]),
    ...(unpushed > 0 ? [`audit  ${unpushed} records wait until the remote can be reached`] : []),
  ];
}

function conclusion(document: SyncDocument): string {
  const at = document.desired === null ? 'no commit to go by' : `at ${document.desired.commit.slice(0, 7)}`;
  if (document.refused !== null) return `${document.host}: refused; the host stays as it was (${at})`;
  const words: Partial<Record<ExitCode, string>> = {
    [ExitCode.fine]: document.dryRun && document.pending.length > 0 ? 'would change' : 'in sync',
    [ExitCode.gated]: 'waiting',
  };
  return `${document.host}: ${words[document.exitCode] ?? 'failed'} (${at})`;
}
