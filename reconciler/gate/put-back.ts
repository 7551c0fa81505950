/** Puts an agent back on its pool: on every way out, also after a crash, from what memory noted before it was taken off. */
import type { CiAgent, Standing } from '../agents/ci-agent.ts';
import { type Clock, MINUTE, SECOND } from '../clock.ts';
import type { AgentSpec } from '../desired/spec.ts';
import type { Logger } from '../log.ts';
import type { GuestMemory } from '../observed/memory.ts';

export type PutBackContext = {
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  readonly signal?: AbortSignal;
  readonly agentFor: (spec: AgentSpec) => CiAgent;
  readonly remember: (guest: string, drained: GuestMemory['drained']) => Promise<void>;
};

export type PutBackResult =
  | { readonly state: 'done'; readonly note: string | null }
  /** Noted still: to be tried again at the next run. */
  | { readonly state: 'failed'; readonly note: string };

/** Waits between attempts, in milliseconds. */
const PAUSES: readonly number[] = [0, 2 * SECOND, 10 * SECOND, 30 * SECOND];

/**
 * The note is taken away only after the agent is back. An agent that someone else took off is left off. Goes on through an
 * aborted signal: a reconciler that is being stopped still has to leave the pool whole.
 *
 * @param awaitOnline the guest was built anew: first wait until the CI system sees its agent, so that it is not offered jobs too early
 */
export async function putBack(
  { guest, drained }: { readonly guest: string; readonly drained: NonNullable<GuestMemory['drained']> },
  context: PutBackContext,
  awaitOnline = false,
): Promise<PutBackResult> {
  const agent = context.agentFor(drained.agent);
  if (drained.byOther) {
    await context.remember(guest, null);
    return {
      state: 'done',
      note: `${agent.describe()} was taken off by someone else before, and is left so`,
    };
  }
  const online = awaitOnline ? await untilOnline(agent, context) : null;
  const problem = await tryToUndrain(agent, context);
  if (problem !== null) {
    const note = `${agent.describe()} could not be put back on its pool, which is tried again: ${problem}`;
    context.log.warn({ guest }, note);
    if (drained.over !== true) await context.remember(guest, { ...drained, over: true });
    return { state: 'failed', note };
  }
  await context.remember(guest, null);
  return { state: 'done', note: online };
}

async function tryToUndrain(agent: CiAgent, { clock, signal }: PutBackContext): Promise<string | null> {
  let problem = '';
  for (const pause of PAUSES) {
    if (pause > 0 && signal?.aborted) return problem;
    await clock.sleep(pause);
    try {
      await agent.undrain();
      return null;
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
  }
  return problem;
}

/** How long a new guest's agent may take to report to its CI system, and how often to look. */
const ONLINE_WITHIN = 5 * MINUTE;
const LOOK_EVERY = 10 * SECOND;

/** A sentence if the agent has not come online; null if it has, or if the system does not say. */
async function untilOnline(agent: CiAgent, { clock, signal }: PutBackContext): Promise<string | null> {
  if (agent.standing === undefined) return null;
  const end = clock.now() + ONLINE_WITHIN;
  for (;;) {
    const standing: Standing = await agent.standing(signal);
    if (standing.state === 'registered' && standing.online !== false) return null;
    if (clock.now() >= end || signal?.aborted) return `${agent.describe()} ${notOnline(standing)}`;
    await clock.sleep(LOOK_EVERY, signal).catch(() => undefined);
  }
}

function notOnline(standing: Standing): string {
  if (standing.state === 'unknown') return `may not be online: ${standing.detail}`;
  return standing.state === 'absent' ? 'has not registered again' : 'has not come online again';
}
