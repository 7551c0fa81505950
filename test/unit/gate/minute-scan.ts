/**
 * The rules of window.ts once more, written differently: a table of every minute that the wall clock may show around a day, filled
 * span by span, and a walk through time minute by minute. What the clock shows is asked of `Date`, in the zone of the process.
 */
import { expect } from 'vitest';
import type { WindowSpec } from '../../../reconciler/desired/spec.ts';
import { windowState } from '../../../reconciler/gate/window.ts';

export const MINUTE = 60_000;
const DAY_MINUTES = 24 * 60;
/** Days before and after that the table holds. */
const AROUND = 8;

/** Beginning in minutes after midnight, and length in minutes, on the days that the rule names. */
export type ScanSpan = {
  readonly from: number;
  readonly length: number;
  readonly on: (day: Date) => boolean;
};

/** What opens, and as `windowState` is told of it. */
export type Scanned = { readonly window: WindowSpec; readonly spans: readonly ScanSpan[] };

export function inZone<T>(zone: string, body: () => T): T {
  const before = process.env.TZ;
  process.env.TZ = zone;
  try {
    return body();
  } finally {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  }
}

/** What the clock of the process shows, as minutes from 1 January 1970 as if it had never been moved. */
export function shownAt(instant: number): number {
  const date = new Date(instant);
  const [year, month, day] = [date.getFullYear(), date.getMonth(), date.getDate()];
  return Math.floor(Date.UTC(year, month, day, date.getHours(), date.getMinutes()) / MINUTE);
}

/** The number of the opening that the clock's reading lies in, for all readings around one; 0: closed. */
function openingsAround({ spans }: Scanned, shown: number): (reading: number) => number {
  const first = (Math.floor(shown / DAY_MINUTES) - AROUND) * DAY_MINUTES;
  const open = new Uint8Array((2 * AROUND + 1) * DAY_MINUTES);
  const begins = new Uint8Array(open.length);
  for (let midnight = 0; midnight < open.length; midnight += DAY_MINUTES) {
    const day = new Date((first + midnight) * MINUTE);
    const today = spans
      .filter(({ on }) => on(day))
      .map(({ from, length }) => [midnight + from, length] as const);
    for (const [from, length] of today) open.fill(1, from, from + length);
    if (today.length > 0) begins[Math.min(...today.map(([from]) => from))] = 1;
  }
  const numbers = new Uint16Array(open.length);
  let unbroken = 0;
  let number = 0;
  for (let minute = 0; minute < open.length; minute += 1) {
    if (open[minute] === 1) {
      if (unbroken === 0 || (unbroken >= DAY_MINUTES && begins[minute] === 1)) number += 1;
      numbers[minute] = number;
    }
    unbroken = open[minute] === 1 ? unbroken + 1 : 0;
  }
  return (reading) => numbers[reading - first] ?? 0;
}

/**
 * Compares at these instants, which lie less than two days from each other.
 * @param days how far is walked: longer than any opening lasts
 * @param step the distance of instants that are looked at: all moves and edges lie on it
 */
export function agreesWithScan(
  scanned: Scanned,
  instants: readonly number[],
  days: number,
  step = MINUTE,
): void {
  const reach = days * DAY_MINUTES * MINUTE;
  const table = openingsAround(scanned, shownAt(instants[0] ?? 0));
  const at = (instant: number) => table(shownAt(instant));
  for (const now of instants) {
    // each a window of its own, so that none is answered from what was remembered of another
    const state = windowState({ ...scanned.window }, now);
    const told = state.open
      ? { open: true, opens: state.opensAtMs, closes: state.closesAtMs }
      : { open: false };
    const where = `${JSON.stringify(scanned.window)} at ${new Date(now).toISOString()}`;
    const here = at(now);
    const next = walk(at, now, step, reach);
    if (here !== 0) {
      expect(told, where).toEqual({
        open: true,
        opens: (walk(at, now, -step, reach) ?? Number.NaN) + step,
        closes: next,
      });
    } else {
      expect(told, where).toEqual({ open: false });
      if (next !== null) expect(state.opensAtMs, where).toBe(next);
      else expect(state.opensAtMs ?? Number.POSITIVE_INFINITY, where).toBeGreaterThan(now + reach);
    }
  }
}

/** Steps through time until the answer is another one; null if it stays for as long as is walked. */
function walk(at: (instant: number) => number, start: number, step: number, reach: number): number | null {
  const first = at(start);
  for (let way = Math.abs(step); way <= reach; way += Math.abs(step)) {
    const instant = start + Math.sign(step) * way;
    if (at(instant) !== first) return instant;
  }
  return null;
}
