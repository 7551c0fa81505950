/** What `boxreeve box prune` and `boxreeve box fetch` print, as JSON and for people. Pure. */
import type { WantedBox } from '../desired/catalogued-box.ts';
import { ExitCode } from '../errors.ts';
import type { GatedAction } from '../gate/gates.ts';
import type { Action, BoxRef } from '../plan/plan.ts';
import { freedBy, freedText } from '../plan/room.ts';
import type { Tended } from '../tend-boxes.ts';

type Removal = Action & { readonly kind: 'remove-box' };

export type PruneDocument = {
  readonly host: string;
  readonly dryRun: boolean;
  readonly exitCode: ExitCode;
  /** The commit gone by; null if there is none yet. */
  readonly commit: string | null;
  readonly removals: readonly {
    readonly action: string;
    readonly box: BoxRef | null;
    readonly what: string;
    readonly reason: string;
    /** Bytes; null: not known. */
    readonly frees: number | null;
    /** null where it was not tried. */
    readonly result: string | null;
    readonly error: string | null;
  }[];
  /** What the plan removes only once something else is done. */
  readonly later: readonly { readonly action: string; readonly needs: readonly string[] }[];
  /** Bytes that were freed, or would be, as far as is known. */
  readonly frees: number;
  /** The same for people, with what is not known. */
  readonly freed: string;
  readonly problems: readonly string[];
};

export function pruneDocument(
  host: string,
  tended: Tended,
  dryRun: boolean,
  auditProblem: string | null,
): PruneDocument {
  const { accepted, outcomes, chosen, later } = tended;
  const removals = chosen.flatMap(({ action }) => (action.kind === 'remove-box' ? [action] : []));
  const outcomeOf = ({ id }: Removal) => outcomes.find(({ action }) => action.id === id);
  const gone = dryRun ? removals : removals.filter((action) => outcomeOf(action)?.result === 'done');
  const problems = problemsOf(tended, auditProblem);
  return {
    host,
    dryRun,
    exitCode: problems.length > 0 || gone.length < removals.length ? ExitCode.failed : ExitCode.fine,
    commit: accepted.desired?.commit ?? null,
    removals: removals.map((action) => ({
      action: action.id,
      box: action.box,
      what: action.before,
      reason: action.reason,
      frees: action.frees,
      result: outcomeOf(action)?.result ?? null,
      error: outcomeOf(action)?.error ?? null,
    })),
    later: later.map(({ id, needs }) => ({ action: id, needs })),
    frees: freedBy(gone),
    freed: freedText(gone),
    problems,
  };
}

export function showPrune(document: PruneDocument): string {
  const { host, dryRun, removals, later, freed, problems } = document;
  const sign = (result: string | null) => (result === null ? 'would remove' : (SIGNS[result] ?? result));
  return [
    ...removals.map(
      ({ what, reason, result, error }) =>
        `${sign(result)} ${what}: ${reason}${error === null ? '' : `\n  ${error}`}`,
    ),
    ...later.map(({ action, needs }) => `later  ${action}: only once ${needs.join(', ')} is done`),
    ...problems,
    removals.length === 0
      ? `${host}: nothing to remove now`
      : `${host}: ${dryRun ? 'would free' : 'freed'} ${freed}`,
  ].join('\n');
}

const SIGNS: Readonly<Record<string, string>> = {
  done: 'removed',
  failed: 'FAILED',
  skipped: 'skipped',
  interrupted: 'CUT',
};

export type FetchDocument = {
  readonly host: string;
  readonly exitCode: ExitCode;
  readonly commit: string | null;
  readonly box: WantedBox;
  /** `here`: there was nothing to fetch. `waits`: a gate holds it. */
  readonly result: 'fetched' | 'here' | 'waits' | 'failed';
  /** What was tried, or what holds it. */
  readonly detail: string;
  readonly problems: readonly string[];
};

export function fetchDocument(
  host: string,
  wanted: WantedBox,
  tended: Tended,
  auditProblem: string | null,
): FetchDocument {
  const problems = problemsOf(tended, auditProblem);
  const { result, detail } = resultOf(tended);
  const exitCodes = {
    fetched: ExitCode.fine,
    here: ExitCode.fine,
    waits: ExitCode.gated,
    failed: ExitCode.failed,
  };
  const found = tended.chosen.flatMap(({ action }) => (action.kind === 'fetch-box' ? [action.box] : []))[0];
  return {
    host,
    exitCode: problems.length > 0 ? ExitCode.failed : exitCodes[result],
    commit: tended.accepted.desired?.commit ?? null,
    box: { ...wanted, provider: found?.provider ?? wanted.provider },
    result,
    detail,
    problems,
  };
}

export function showFetch({ host, box, result, detail, problems }: FetchDocument): string {
  const title = `${box.name} ${box.version}`;
  const words = {
    fetched: `${host}: fetched ${title}; the file stays for 30 days, or for as long as the desired state keeps it`,
    here: `${host}: the file of ${title} is here already`,
    waits: `${host}: ${title} is not fetched now`,
    failed: `${host}: ${title} could not be fetched`,
  };
  return [...(detail === '' ? [] : [detail]), ...problems, words[result]].join('\n');
}

function resultOf({ accepted, outcomes, pending, chosen }: Tended): Pick<FetchDocument, 'result' | 'detail'> {
  if (accepted.desired === null) return { result: 'failed', detail: '' };
  const [outcome] = outcomes;
  if (outcome?.result === 'done') return { result: 'fetched', detail: outcome.output };
  if (outcome !== undefined) return { result: 'failed', detail: outcome.error ?? outcome.output };
  if (chosen.length === 0) return { result: 'here', detail: '' };
  return { result: 'waits', detail: detailsOf(pending) };
}

function detailsOf(pending: readonly GatedAction[]): string {
  return pending.flatMap(({ gates }) => gates.map(({ detail }) => detail)).join('\n');
}

function problemsOf({ accepted }: Tended, auditProblem: string | null): readonly string[] {
  return [
    ...(accepted.refusal === null
      ? []
      : [`REFUSED commit ${accepted.refusal.commit.slice(0, 7)}: ${accepted.refusal.error.message}`]),
    ...(accepted.desired === null ? ['there is no commit to go by yet: boxreeve sync'] : []),
    ...(auditProblem === null ? [] : [auditProblem]),
  ];
}
