/**
 * When a guest with nothing changed is rebuilt from its box. Pure.
 *
 * 1. Each host has a minute of its own in the window, from its place among the hosts of the fleet, spread evenly over the
 *    window less its last quarter, which is left for waiting and building. So no two begin at once, and with 8 hosts in a
 *    night of 9 hours each has 50 minutes to itself. A host that joins or leaves moves the others by less than that.
 * 2. A recycle is due from that minute on until the window closes, if the guest was built long enough before that minute:
 *    `recycle.every` less the length of the window (but at least half of `every`). So a guest built late in one
 *    night's window for whatever reason is due at its own minute of the next, and one built this afternoon is not.
 * 3. Where a window is longer than `every`, the own minute recurs each `every` within it.
 * 4. One that was missed is due at the own minute of the next window, once: whatever rebuilds the guest starts the count anew.
 * 5. With no window, time itself is cut into stretches of `every`, and each has the own minute.
 */
import type { WindowSpec } from '../desired/spec.ts';
import { windowLength, windowState } from '../gate/window.ts';

export type RecycleQuestion = {
  /** Of the host in the fleet, from 0 up to 1. */
  readonly place: number;
  readonly window: WindowSpec | null;
  /** Milliseconds; null: never. */
  readonly every: number | null;
  /** When it was last built, for whatever reason. */
  readonly builtAt: number;
  readonly now: number;
};

export function recycleDue(question: RecycleQuestion): boolean {
  const { every, builtAt, now } = question;
  if (every === null || every <= 0) return false;
  const own = ownMinute(question);
  return own !== null && own <= now && own - builtAt >= every - slack(question.window, every);
}

/** The latest own minute of the opening under way (or, with none yet reached, the first); null while the window is closed. */
function ownMinute({ place, window, every, now }: RecycleQuestion): number | null {
  if (every === null) return null;
  if (window === null) return Math.floor(now / every - place) * every + Math.floor(place * every);
  const state = windowState(window, now);
  if (!state.open) return null;
  const length = state.closesAtMs - state.opensAtMs;
  const first = state.opensAtMs + Math.floor(place * Math.min(length * (1 - LEFT_FREE), every));
  return now < first ? first : first + Math.floor((now - first) / every) * every;
}

/** Part of a window, at its end, in which no recycle is set to begin. */
const LEFT_FREE = 1 / 4;

function slack(window: WindowSpec | null, every: number): number {
  return Math.min(window === null ? every : windowLength(window), every / 2);
}
