/**
 * The one way to a guest in which no job runs:
 *
 * 1. Note durably that its agent is taken off the pool, then take it off, then see that it is.
 * 2. Ask twice (or as often as the system needs), some time apart, whether a job runs; the first question comes after the
 *    agent is off.
 * 3. All say idle, and so does a look into the guest where there is one: clear. Whoever cannot tell says busy. A system
 *    without a drain now takes the agent off for good, if it is still idle and the guest is to be built anew, and the guest is
 *    looked into once more.
 * 4. Not clear: put the agent back at once; or, where the drain may go on in the next run, when the guest's time for
 *    draining is over, and then not again before its next window.
 * 5. An agent that somebody else took off before is asked like any other, and never put back.
 * 6. Where the desired state says that a change interrupts jobs, and why, it is taken off and asked all the same, and whatever
 *    is answered, the guest counts as clear, with a note that says what was interrupted.
 * 7. A machine that was never proven is held only by a job that is known to run: nobody may be there to answer for it.
 */
import type { Activity, CiAgent } from '../agents/ci-agent.ts';
import { type Clock, iso } from '../clock.ts';
import type { AgentSpec, WindowSpec } from '../desired/spec.ts';
import type { Logger } from '../log.ts';
import type { GuestMemory } from '../observed/memory.ts';
import { drainDeadline, jobGate, retryTime } from './drain-times.ts';
import type { Gate } from './gates.ts';
import { putBack } from './put-back.ts';
import { type Noted, takeOff } from './take-off.ts';

/** A guest whose running machine is to be ended. */
export type DrainCandidate = {
  readonly guest: string;
  /** Of what runs there now, not of what is to come: desired state may have renamed the agent. */
  readonly agent: AgentSpec;
  /** The guest's memory of an earlier drain. */
  readonly drained: GuestMemory['drained'];
  /** Limit on the wait, in milliseconds. */
  readonly timeoutMs: number;
  readonly window: WindowSpec | null;
  /** Why a running job is interrupted; absent: it never is. */
  readonly interrupt?: string | undefined;
  /** The guest is only stopped for a while: an agent taken off for good would not come back with it. */
  readonly survives?: boolean;
  /** Whether the machine was proven healthy, and so may be in service. */
  readonly proven: boolean;
};

export type DrainContext = {
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  readonly signal?: AbortSignal;
  /** A drain may go on in the next run (the daemon); otherwise it is undone when the guest is not clear. */
  readonly hold: boolean;
  readonly agentFor: (spec: AgentSpec) => CiAgent;
  /** Durable when it resolves. */
  readonly remember: (guest: string, drained: GuestMemory['drained']) => Promise<void>;
  /** Guests given up for now, and when to try again: kept by the process from run to run. */
  readonly gaveUp: Map<string, number>;
  /** Looks into the guest itself for a process that runs a job. */
  readonly witness?: (guest: string, signal?: AbortSignal) => Promise<Activity>;
};

export type Clearance =
  /** No job runs and none will come. `note`: what a person should know besides. */
  | { readonly state: 'clear'; readonly note: string | null }
  | { readonly state: 'held'; readonly gate: Gate & { readonly kind: 'job' } };

/** Asks for every guest side by side. Never throws for what a CI system does; throws if the note cannot be kept. */
export async function clearGuests(
  candidates: readonly DrainCandidate[],
  context: DrainContext,
): Promise<ReadonlyMap<string, Clearance>> {
  const answers = candidates.map(async (candidate) => {
    return [candidate.guest, await clearGuest(candidate, context)] as const;
  });
  return new Map(await Promise.all(answers));
}

async function clearGuest(candidate: DrainCandidate, context: DrainContext): Promise<Clearance> {
  const { guest, agent: spec } = candidate;
  if (spec.system === 'none') return { state: 'clear', note: null };
  const waitUntil = candidate.interrupt === undefined ? context.gaveUp.get(guest) : undefined;
  if (waitUntil !== undefined && waitUntil > context.clock.now()) {
    return held(candidate, null, `gave up waiting for its job; tries again at ${iso(waitUntil)}`);
  }
  context.gaveUp.delete(guest);
  const agent = context.agentFor(spec);
  const off = await takeOff(candidate, agent, context);
  const found = off.state === 'off' ? await seeIdle(candidate, agent, context, off.absent) : off.activity;
  if (found.state === 'idle') return { state: 'clear', note: off.note };
  if (candidate.interrupt !== undefined) {
    const note = `JOB INTERRUPTED: ${agent.describe()}: ${found.detail}; because: ${candidate.interrupt}`;
    context.log.warn({ guest }, note);
    return { state: 'clear', note };
  }
  if (found.state === 'unknown' && !candidate.proven)
    return { state: 'clear', note: `${agent.describe()}: ${found.detail}` };
  return notClear(candidate, found.detail, off.noted, context);
}

/** What a guest waits for whose agent is off its pool, by one question that changes nothing; null: it seems idle. */
export async function waitsFor(
  candidate: DrainCandidate,
  { clock, agentFor, signal }: Pick<DrainContext, 'clock' | 'agentFor' | 'signal'>,
): Promise<(Gate & { readonly kind: 'job' }) | null> {
  const { guest, agent, drained, window } = candidate;
  if (drained === null || agent.system === 'none') return null;
  const activity = await answer(agentFor(agent).activity(signal));
  if (activity.state === 'idle') return null;
  const deadline = drainDeadline(candidate, drained.since, clock.now());
  return jobGate({ guest, detail: activity.detail, noted: drained, deadline, window });
}

/** Steps 2 and 3. */
async function seeIdle(
  { guest, survives }: DrainCandidate,
  agent: CiAgent,
  context: DrainContext,
  absent: boolean,
): Promise<Activity> {
  const { signal, clock, witness } = context;
  const look = () => (witness === undefined ? idle() : witness(guest, signal));
  if (absent) return answer(look());
  for (let asked = 1; asked <= (agent.asks ?? 2); asked += 1) {
    if (asked > 1 && !(await slept(agent.settleMs, clock, signal)))
      return { state: 'unknown', detail: 'stopped before it was asked often enough' };
    const activity = await answer(agent.activity(signal));
    if (activity.state !== 'idle') return activity;
  }
  const inside = await answer(look());
  if (inside.state !== 'idle' || agent.deregister === undefined || survives === true) return inside;
  const gone = await answer(agent.deregister(signal));
  return gone.state === 'idle' ? answer(look()) : gone;
}

/** False when it was cut short: we are being stopped. */
async function slept(ms: number, clock: Clock, signal: AbortSignal | undefined): Promise<boolean> {
  return clock.sleep(ms, signal).then(
    () => true,
    () => false,
  );
}

async function idle(): Promise<Activity> {
  return { state: 'idle' };
}

async function answer(question: Promise<Activity>): Promise<Activity> {
  return question.catch((error: unknown): Activity => ({ state: 'unknown', detail: String(error) }));
}

/** Step 4. */
async function notClear(
  candidate: DrainCandidate,
  detail: string,
  noted: Noted,
  context: DrainContext,
): Promise<Clearance> {
  const { guest } = candidate;
  if (noted === null) return held(candidate, null, detail);
  const now = context.clock.now();
  const deadline = drainDeadline(candidate, noted.since, now);
  if (context.hold && now < deadline) {
    return { state: 'held', gate: jobGate({ guest, detail, noted, deadline, window: candidate.window }) };
  }
  await putBack({ guest, drained: noted }, context);
  if (!context.hold) return held(candidate, null, `${detail}; not waited for`);
  const retry = retryTime(candidate, now);
  context.gaveUp.set(guest, retry);
  return held(
    candidate,
    null,
    `${detail}; waited since ${noted.since}, gave up; tries again at ${iso(retry)}`,
  );
}

function held({ guest }: DrainCandidate, since: string | null, detail: string): Clearance {
  return { state: 'held', gate: { kind: 'job', guest, since, detail: `${guest}: ${detail}` } };
}
