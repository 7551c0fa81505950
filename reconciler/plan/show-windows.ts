/** When windows open and close, by the clock of the window and by that of whoever reads it. Pure. */
import type { WindowSpec } from '../desired/spec.ts';
import { showDuration } from '../duration.ts';
import { wallClock } from '../gate/wall-clock.ts';
import { followingOpening, windowState } from '../gate/window.ts';

export type Reader = {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The reader's time zone; the process's own if left out. */
  readonly zone?: string;
};

/** `Wed 14 Jan 14:00 (America/New_York), in 7 h`; without the clock where that is among what was told already. */
export function readersClock(instant: number, told: string, { now, zone }: Reader): string {
  const readers = wallClock(instant, zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone, now);
  return `${told.includes(readers) ? '' : `${readers}, `}in ${showDuration(instant - now)}`;
}

/** A sentence for each window of these that is not among the names. */
export function windowSentences(
  windows: readonly WindowSpec[],
  besides: ReadonlySet<string>,
  reader: Reader,
): string[] {
  const byName = new Map(windows.map((window) => [window.name, window]));
  return [...byName.values()]
    .filter(({ name }) => !besides.has(name))
    .map((window) => `window ${window.name} ${sentence(window, reader)}`);
}

function sentence(window: WindowSpec, reader: Reader): string {
  const { now } = reader;
  const both = (instant: number) => {
    const own = wallClock(instant, window.timezone, now);
    return `${own}: ${readersClock(instant, own, reader)}`;
  };
  const state = windowState(window, now);
  const next = followingOpening(window, now);
  const opens = next === null ? 'never opens again' : `opens next ${both(next)}`;
  return state.open ? `is open until ${both(state.closesAtMs)}; ${opens}` : opens;
}
