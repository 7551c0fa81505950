/** How long a drain may last, when it is tried again, and how that is said. Pure. */
import type { WindowSpec } from '../desired/spec.ts';
import type { GuestMemory } from '../observed/memory.ts';
import type { Gate } from './gates.ts';
import { clockTime } from './wall-clock.ts';
import { followingOpening, windowState } from './window.ts';

type Limits = { readonly timeoutMs: number; readonly window: WindowSpec | null };

/** The wait ends when its time is over or the window closes, whichever comes first; a window forced open does not close. */
export function drainDeadline({ timeoutMs, window }: Limits, since: string, now: number): number {
  const limit = Date.parse(since) + timeoutMs;
  const state = window === null ? null : windowState(window, now);
  return state?.open === true ? Math.min(limit, state.closesAtMs) : limit;
}

/** After giving up: the next opening of the window; without one, after as long as was waited at most. */
export function retryTime({ timeoutMs, window }: Limits, now: number): number {
  return (window === null ? null : followingOpening(window, now)) ?? now + timeoutMs;
}

/** `azure-agent: job 8812 running for 23 min; drained 21:04; gives up 05:00 (Europe/Zurich)`. */
export function jobGate(facts: {
  readonly guest: string;
  readonly detail: string;
  readonly noted: NonNullable<GuestMemory['drained']>;
  readonly deadline: number;
  readonly window: WindowSpec | null;
}): Gate & { readonly kind: 'job' } {
  const { guest, detail, noted, deadline, window } = facts;
  const zone = window?.timezone ?? 'UTC';
  const drained = noted.byOther
    ? 'taken off by someone else'
    : `drained ${clockTime(Date.parse(noted.since), zone)}`;
  return {
    kind: 'job',
    guest,
    since: noted.since,
    detail: `${guest}: ${detail}; ${drained}; gives up ${clockTime(deadline, zone)} (${zone})`,
  };
}
