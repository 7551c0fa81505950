/** Takes a guest's agent off its pool, and knows ever after whose doing that was: steps 1 and 5 of drain.ts. */
import type { Activity, CiAgent, DrainResult } from '../agents/ci-agent.ts';
import { iso } from '../clock.ts';
import type { GuestMemory } from '../observed/memory.ts';
import type { DrainCandidate, DrainContext } from './drain.ts';
import { putBack } from './put-back.ts';

export type Noted = GuestMemory['drained'];
export type TakenOff =
  | { readonly state: 'off'; readonly absent: boolean; readonly noted: Noted; readonly note: string | null }
  | {
      readonly state: 'on';
      readonly activity: Activity & { readonly state: 'unknown' };
      readonly noted: Noted;
      readonly note: string | null;
    };

/** An agent found off is ours if we noted so before, else somebody else's. */
export async function takeOff(
  candidate: DrainCandidate,
  agent: CiAgent,
  context: DrainContext,
): Promise<TakenOff> {
  const { guest, agent: spec } = candidate;
  const earlier = await settleEarlier(candidate, context);
  const asks = earlier === null || earlier.byOther;
  const standing = asks ? await agent.standing?.(context.signal) : undefined;
  // taken off now, it could not be told later from one that somebody else had taken off before
  if (standing?.state === 'unknown') return notTakenOff(standing.detail, earlier);
  const byOther = standing?.state === 'registered' && !standing.assignable && standing.ours !== true;
  // noted before it is taken off: an agent that its person has put back since is ours now
  // one left from a wait that has ended does not shorten the next
  const since = earlier === null || earlier.over === true ? iso(context.clock.now()) : earlier.since;
  const theirs = standing === undefined && earlier !== null ? earlier.byOther : byOther;
  const noted = { since, byOther: theirs, agent: spec };
  if (earlier?.byOther !== theirs || earlier.since !== since) await context.remember(guest, noted);
  const result = await quietly(agent.drain(context.signal));
  switch (result.state) {
    case 'drained': {
      if (!noted.byOther) return { state: 'off', absent: false, noted, note: null };
      // somebody else had taken it off, and has put it back since
      const ours = { ...noted, byOther: false };
      await context.remember(guest, ours);
      return { state: 'off', absent: false, noted: ours, note: null };
    }
    case 'absent':
      await context.remember(guest, null);
      return {
        state: 'off',
        absent: true,
        noted: null,
        note: `${agent.describe()} is not known there: ${result.detail}`,
      };
    case 'already': {
      if (earlier !== null && !earlier.byOther) return { state: 'off', absent: false, noted, note: null };
      const theirs = { ...noted, byOther: true };
      if (!noted.byOther) await context.remember(guest, theirs);
      const note = `${agent.describe()} was taken off by someone else, and is left so: ${result.detail}`;
      return { state: 'off', absent: false, noted: theirs, note };
    }
    case 'failed':
      return notTakenOff(result.detail, noted);
  }
}

function notTakenOff(why: string, noted: Noted): TakenOff {
  const detail = `it could not be taken off its pool: ${why}`;
  return { state: 'on', activity: { state: 'unknown', detail }, noted, note: null };
}

/** A drain noted for another agent than the one that is there now is ended first. */
async function settleEarlier(
  { guest, agent, drained }: DrainCandidate,
  context: DrainContext,
): Promise<Noted> {
  if (drained === null || JSON.stringify(drained.agent) === JSON.stringify(agent)) return drained;
  await putBack({ guest, drained }, context);
  return null;
}

async function quietly(drain: Promise<DrainResult>): Promise<DrainResult> {
  return drain.catch((error: unknown): DrainResult => ({ state: 'failed', detail: String(error) }));
}
