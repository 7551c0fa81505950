/**
 * Carries out what no gate holds: first what disturbs nobody, then, with the CI agents drained, what does. When a guest
 * turned out not to work, looks and plans once more within the same attempt: that plan goes back to what last worked.
 *
 * One attempt, one journal, one record, however many rounds.
 */

import type { Attempt } from '../audit/outbox.ts';
import type { RecordedLease } from '../audit/record.ts';
import { iso } from '../clock.ts';
import type { HostSpec } from '../desired/spec.ts';
import { clearAgents, releaseAgents } from '../gate/agents-now.ts';
import { endsMachines, freeOf, holdGuests } from '../gate/gate.ts';
import { gateNow } from '../gate/gate-now.ts';
import type { Gate, GatedAction } from '../gate/gates.ts';
import type { Host } from '../host-ports.ts';
import type { Action } from '../plan/plan.ts';
import type { Request, Seen } from '../reconcile.ts';
import { type LeaseGates, LeaseHolder } from './lease-holder.ts';
import type { ActionOutcome } from './outcome.ts';

export type CarriedOut = {
  /** The last look, after whatever was done. */
  readonly seen: Seen;
  readonly outcomes: readonly ActionOutcome[];
  readonly pending: readonly GatedAction[];
  /** The attempt, still open in the journal; null if there was nothing to try. */
  readonly attempt: Attempt | null;
  readonly startedAt: number;
  /** What was held while guests were out of service; null: nothing was needed. */
  readonly lease: RecordedLease | null;
  /** What became of the agents that was not as it should be, in sentences. */
  readonly agentNotes: readonly string[];
};

type Desired = { readonly commit: string; readonly spec: HostSpec };

/** The desired state failed in a guest, then what last worked: twice is all there is to try. */
const MOST_ROUNDS = 2;

const NO_PLAN = { held: [], notes: [], spare: [] };

export async function carryOut(
  host: Host,
  desired: Desired,
  first: Seen,
  lookAgain: () => Promise<Seen>,
  request: Request,
): Promise<CarriedOut> {
  const run = new Run(host, desired, request);
  let seen = first;
  try {
    for (let round = 1; round <= MOST_ROUNDS; round += 1) {
      const tried = await run.round(seen);
      if (tried.length === 0 && !run.putOff) break;
      // the host goes down now: what is stopped is meant to be
      if (tried.some(({ result }) => result === 'begun')) return run.result({ ...seen, gated: [] });
      seen = await lookAgain();
      if (!run.rebootNext && !tried.some((outcome) => outcome.guestAtFault)) break;
    }
  } finally {
    await run.release();
  }
  return run.result(seen);
}

/** The state of one call of carryOut. */
class Run {
  /** Whether something was not begun because its window had closed by then. */
  putOff = false;
  /** Whether a reboot was left for the next round, since there was something else to do first. */
  rebootNext = false;
  private attempt: Attempt | null = null;
  private readonly outcomes: ActionOutcome[] = [];
  private readonly agentNotes: string[] = [];
  /** What a job holds, by guest. */
  private readonly jobs = new Map<string, Gate & { readonly kind: 'job' }>();
  /** What waits for a lease, by guest. */
  private refused: LeaseGates = new Map();
  private readonly leases: LeaseHolder;
  /** Guests that are idle, their agents off, while a reboot waits for others. */
  private readonly ready = new Set<string>();
  private readonly startedAt: number;
  private readonly host: Host;
  private readonly desired: Desired;
  private readonly request: Request;

  constructor(host: Host, desired: Desired, request: Request) {
    this.host = host;
    this.desired = desired;
    this.request = request;
    this.leases = new LeaseHolder(host, desired);
    this.startedAt = host.clock.now();
  }

  async round({ gated, observation }: Seen): Promise<readonly ActionOutcome[]> {
    const { early, late: all } = inOrder(freeOf(gated));
    const before = await this.apply(early, []);
    const late = all.length === 1 ? all : all.filter(({ action }) => action.kind !== 'reboot-host');
    this.rebootNext = late.length < all.length;
    if (late.length === 0 || this.request.signal.aborted) return before;
    const wanted = late.map(({ action }) => action);
    this.refused = await this.leases.take(wanted, observation);
    const leased = freeOf(holdGuests(late, this.refused));
    if (leased.length === 0) return before;
    const actions = leased.map(({ action }) => action);
    const { held, notes } = await clearAgents(
      this.host,
      actions,
      this.desired.spec,
      observation,
      this.request,
    );
    for (const [guest, gate] of held) this.jobs.set(guest, gate);
    this.agentNotes.push(...notes);
    this.keepReady(actions, held);
    const clear = freeOf(holdGuests(leased, held));
    return [...before, ...(await this.applyInWindow(clear, before, observation))];
  }

  /**
   * One at a time: a fetch, a job that was waited for or another guest's build may have lasted until the window closed, or until
   * too little of it was left.
   */
  private async applyInWindow(
    free: readonly GatedAction[],
    before: readonly ActionOutcome[],
    observation: Seen['observation'],
  ): Promise<readonly ActionOutcome[]> {
    const outcomes: ActionOutcome[] = [];
    const off = new Set<string>();
    for (const one of free) {
      const { id, needs, disruptive } = one.action;
      if (
        needs.some((need) => off.has(need)) ||
        (disruptive && !(await this.mayBegin(one.action, observation)))
      ) {
        off.add(id);
      } else {
        outcomes.push(...(await this.apply([one], [...before, ...outcomes])));
      }
    }
    this.putOff ||= off.size > 0;
    return outcomes;
  }

  private async mayBegin(action: Action, observation: Seen['observation']): Promise<boolean> {
    const plan = { ...NO_PLAN, host: this.host.name, commit: this.desired.commit, actions: [action] };
    const gated = gateNow(this.host, this.desired.spec, observation, plan, this.request);
    return (
      gated.every(({ gates }) => gates.length === 0) && (await this.leases.lastsFor(action, observation))
    );
  }

  /** A reboot that waits for one guest's job keeps the others as they are, or they would never be idle together. */
  private keepReady(
    actions: readonly Action[],
    held: ReadonlyMap<string, Gate & { readonly kind: 'job' }>,
  ): void {
    if (!actions.some(({ kind }) => kind === 'reboot-host')) return;
    const waits = held.size > 0 && [...held.values()].every(({ since }) => since !== null);
    for (const guest of waits ? Object.keys(this.host.memory.read().guests) : []) this.ready.add(guest);
  }

  /** Puts back on their pools the agents whose guests no longer wait for anything. */
  async release(): Promise<void> {
    // until the host is up again, its agents stay off: the run after the reboot puts them back
    if (this.outcomes.some(({ result }) => result === 'begun')) return;
    const mayWait = this.request.holdDrain && !this.request.signal.aborted;
    const waiting = new Set(mayWait ? [...stillWaiting(this.jobs), ...this.ready] : []);
    const rebuilt = new Set(
      this.outcomes.flatMap(({ action }) =>
        action.kind === 'rebuild-guest' || action.kind === 'start-guest' ? [action.guest] : [],
      ),
    );
    this.agentNotes.push(...(await releaseAgents(this.host, waiting, rebuilt)));
    await this.leases.settle(waiting);
  }

  result(seen: Seen): CarriedOut {
    const { outcomes, attempt, startedAt, agentNotes } = this;
    const { lease } = this.leases;
    const held = new Map<string, Gate>([...this.refused, ...this.jobs]);
    return { seen, outcomes, attempt, startedAt, lease, agentNotes, pending: holdGuests(seen.gated, held) };
  }

  private async apply(
    free: readonly GatedAction[],
    earlier: readonly ActionOutcome[],
  ): Promise<readonly ActionOutcome[]> {
    if (free.length === 0) return [];
    const attempt = await this.open();
    const actions = withoutMet(
      free.map(({ action }) => action),
      earlier,
    );
    await this.leases.keepFor(actions);
    const outcomes = await this.host.apply(actions, attempt, this.request.signal);
    this.outcomes.push(...outcomes);
    return outcomes;
  }

  private async open(): Promise<Attempt> {
    if (this.attempt === null) {
      await this.host.assertCanRecord();
      this.attempt = await this.host.outbox.open({
        id: this.host.newId(),
        trigger: this.request.trigger,
        startedAt: iso(this.startedAt),
        desired: await this.host.mirror.describe(this.desired.commit),
      });
    }
    return this.attempt;
  }
}

/** A guest whose wait was given up has no time since which it is drained. */
function stillWaiting(jobs: ReadonlyMap<string, Gate & { readonly kind: 'job' }>): string[] {
  return [...jobs].flatMap(([guest, { since }]) => (since === null ? [] : [guest]));
}

/** Disruptive actions, and those that wait for one, come after everything that disturbs nobody. */
function inOrder(free: readonly GatedAction[]): { early: GatedAction[]; late: GatedAction[] } {
  const late = new Set<string>();
  for (const { action } of free) {
    if (endsMachines(action) || action.disruptive || action.needs.some((need) => late.has(need)))
      late.add(action.id);
  }
  return {
    early: free.filter(({ action }) => !late.has(action.id)),
    late: free.filter(({ action }) => late.has(action.id)),
  };
}

/** Needs that were met in the part before are no needs any more; unmet ones stay, and the action is skipped for them. */
function withoutMet(actions: readonly Action[], earlier: readonly ActionOutcome[]): readonly Action[] {
  const done = new Set(earlier.filter(({ result }) => result === 'done').map(({ action }) => action.id));
  return actions.map((action) => ({ ...action, needs: action.needs.filter((need) => !done.has(need)) }));
}
