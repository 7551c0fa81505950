/** From what happened to what the record says. Pure. */
import type { ActionOutcome, ProbeResult } from '../apply/outcome.ts';
import { type Exposure, violationsOf } from '../exposure/exposure.ts';
import type { Gate, GatedAction } from '../gate/gates.ts';
import type { CommitInfo } from '../git/ports.ts';
import { actionGuest, boxTitle } from '../plan/subject.ts';
import type { GuestProgress, Halt } from '../rollout/progress.ts';
import type { AttemptHeader, InterruptedAttempt } from './outbox.ts';
import type { RecordDraft, RecordedAction, RecordedBox, RecordOutcome, Trigger } from './record.ts';
import { shortened, summarise } from './summary.ts';

/** What every record says of the moment it was made. */
export type Moment = {
  /** ISO 8601 UTC. */
  readonly time: string;
  readonly versions: RecordDraft['versions'];
  readonly fingerprints: RecordDraft['fingerprints'];
  /** Absent where the host was not looked at. */
  readonly boxes?: readonly RecordedBox[];
  /** Absent where the host was never looked at. */
  readonly progress?: Readonly<Record<string, GuestProgress>>;
  /** Absent: none. */
  readonly halts?: readonly Halt[];
};

/** @param refusals why guests that are up are not what they should be though nothing failed, in sentences */
export function draftOfAttempt(
  header: About & Pick<AttemptHeader, 'startedAt'>,
  outcomes: readonly ActionOutcome[],
  pending: readonly GatedAction[],
  notes: readonly string[],
  moment: Moment,
  refusals: readonly string[] = [],
): RecordDraft {
  const outcome = outcomeOf(outcomes);
  const unhealthy = outcome === 'applied' && refusals.length > 0;
  return {
    ...moment,
    kind: 'applied',
    outcome: unhealthy ? 'unhealthy' : outcome,
    id: header.id,
    trigger: header.trigger,
    desired: header.desired,
    actions: outcomes.map(recordAction),
    gates: gatesOf(pending),
    probes: outcomes.flatMap(({ probes }) => probes),
    ...violationsFound(outcomes),
    notes: [...notes, ...refusals],
    summary: `${summarise(outcomes)}${unhealthy ? '; exposed, which is refused' : ''}`,
  };
}

/** Of every guest that was looked into, also of one that failed and was gone back from. */
function violationsFound(outcomes: readonly ActionOutcome[]): Pick<RecordDraft, 'violations'> {
  const looked = outcomes.flatMap(({ action, exposure }) => {
    const guest = actionGuest(action);
    return exposure === undefined || guest === null ? [] : [new Map([[guest, exposure]])];
  });
  if (looked.length === 0) return {};
  const found = looked.flatMap(violationsOf);
  return { violations: [...new Map(found.map((each) => [JSON.stringify(each), each])).values()] };
}

/** The record of an attempt that a crash cut. */
export function draftOfInterrupted(left: Omit<InterruptedAttempt, 'close'>, moment: Moment): RecordDraft {
  if (left.draft !== null) return left.draft;
  const outcomes = [...left.outcomes, ...cutOutcome(left)];
  const draft = draftOfAttempt(
    left.header,
    outcomes,
    [],
    ['the reconciler ended in the middle of this; the next run converges'],
    moment,
  );
  return {
    ...draft,
    outcome: 'interrupted',
    summary: summaryOfCut(left, draft.summary),
  };
}

function summaryOfCut({ underWay, outcomes }: Omit<InterruptedAttempt, 'close'>, done: string): string {
  if (underWay !== null) return done;
  return outcomes.length === 0 ? 'cut before anything was done' : `cut after ${done}`;
}

function cutOutcome({ underWay }: Omit<InterruptedAttempt, 'close'>): ActionOutcome[] {
  if (underWay === null) return [];
  return [
    {
      action: underWay.action,
      result: 'interrupted',
      startedAt: underWay.at,
      durationMs: 0,
      exitStatus: null,
      output: '',
      error: 'the reconciler ended before this did',
      guestAtFault: false,
      probes: [],
    },
  ];
}

type About = { readonly id: string; readonly trigger: Trigger; readonly desired: CommitInfo | null };

/** A gate holds a change for the first time, or for another reason than before. */
export function draftOfWaiting(
  about: About,
  pending: readonly GatedAction[],
  notes: readonly string[],
  moment: Moment,
): RecordDraft {
  const waiting = pending.filter(({ gates }) => gates.length > 0);
  const first = waiting[0];
  const more = waiting.length > 1 ? ` and ${waiting.length - 1} more` : '';
  return {
    ...plain(about, moment),
    kind: 'waiting',
    outcome: 'waiting',
    gates: gatesOf(pending),
    notes: [...waiting.map(({ action }) => `waits: ${action.id}: ${action.reason}`), ...notes],
    summary: `waits with ${first?.action.id ?? 'nothing'}${more}: ${first?.gates[0]?.detail ?? ''}`,
  };
}

/** A commit that is invalid or not to be trusted. */
export function draftOfRefusal(about: About, reason: string, moment: Moment): RecordDraft {
  const lines = reason.split('\n');
  const more = lines.length > 1 ? ` (and ${lines.length - 1} more)` : '';
  return {
    ...plain(about, moment),
    kind: 'refused',
    outcome: 'refused',
    notes: lines,
    summary: `refused ${about.desired?.commit.slice(0, 7) ?? 'a commit'}: ${lines[0] ?? ''}${more}`,
  };
}

/** What was found of the guests that are up; `doubts` are no trouble, but are said. */
export type Looked = {
  readonly exposures: ReadonlyMap<string, Exposure>;
  readonly doubts: readonly string[];
};

/** Nothing to do, said now and then so that silence means trouble. */
export function draftOfCheckIn(
  about: About,
  problems: readonly string[],
  probes: readonly ProbeResult[],
  moment: Moment,
  looked: Looked = { exposures: new Map(), doubts: [] },
): RecordDraft {
  const { exposures, doubts } = looked;
  const failing = probes.filter(({ ok }) => !ok).map(({ guest, name }) => `probe ${name} of ${guest}`);
  const trouble = [...failing, ...problems];
  const at = about.desired === null ? '' : ` with ${about.desired.commit.slice(0, 7)}`;
  return {
    ...plain(about, moment),
    kind: 'check-in',
    outcome: trouble.length === 0 ? 'in-sync' : 'unhealthy',
    probes,
    ...(exposures.size === 0 ? {} : { violations: violationsOf(exposures) }),
    notes: [...problems, ...doubts],
    summary:
      trouble.length === 0
        ? `in sync${at}`
        : `unhealthy: ${trouble[0]}${trouble.length > 1 ? ` and ${trouble.length - 1} more` : ''}`,
  };
}

export function draftOfPause(
  about: About,
  kind: 'paused' | 'resumed',
  text: string,
  moment: Moment,
): RecordDraft {
  return { ...plain(about, moment), kind, outcome: kind, notes: [text], summary: `${kind}: ${text}` };
}

/** A change that failed here is halted, on as many hosts as it takes. @param proposed what came of proposing a way back */
export function draftOfHalt(
  about: About,
  { guest, failures }: Halt,
  proposed: readonly string[],
  moment: Moment,
): RecordDraft {
  const where = failures.map(({ host, since, detail }) => `failed on ${host} at ${since}: ${detail}`);
  const going = 'it goes on with a new commit, or by `boxreeve rollout resume`';
  return {
    ...plain(about, moment),
    kind: 'halted',
    outcome: 'halted',
    notes: [...where, going, ...proposed],
    summary: shortened(`halted the roll-out of ${guest}, which ${where.join('; and ')}`),
  };
}

function plain(
  { id, trigger, desired }: About,
  moment: Moment,
): Omit<RecordDraft, 'kind' | 'outcome' | 'summary'> {
  return { ...moment, id, trigger, desired, actions: [], gates: [], probes: [], notes: [] };
}

function gatesOf(pending: readonly GatedAction[]): Gate[] {
  const gates = pending.flatMap((gated) => gated.gates);
  return [...new Map(gates.map((gate) => [JSON.stringify(gate), gate])).values()];
}

function outcomeOf(outcomes: readonly ActionOutcome[]): RecordOutcome {
  if (outcomes.some(({ result }) => result === 'interrupted')) return 'interrupted';
  const failed = outcomes.filter(({ result }) => result === 'failed');
  if (failed.length === 0) return 'applied';
  return failed.every((failure) => wentBack(failure, outcomes)) ? 'rolled-back' : 'failed';
}

/** Whether the guest that failed was brought back to what last worked. */
function wentBack(failure: ActionOutcome, outcomes: readonly ActionOutcome[]): boolean {
  const guest = actionGuest(failure.action);
  return outcomes.some(
    ({ action, result }) =>
      result === 'done' &&
      guest !== null &&
      actionGuest(action) === guest &&
      'target' in action &&
      action.target.role === 'last-good',
  );
}

function recordAction({ action, ...outcome }: ActionOutcome): RecordedAction {
  return {
    kind: action.kind,
    guest: actionGuest(action),
    box: 'box' in action && action.box !== null ? boxTitle(action.box) : null,
    reason: action.reason,
    before: action.before,
    after: action.after,
    result: outcome.result,
    start: outcome.startedAt,
    durationMs: outcome.durationMs,
    exitStatus: outcome.exitStatus,
    output: outcome.output,
    error: outcome.error,
  };
}
