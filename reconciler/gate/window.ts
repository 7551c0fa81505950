/**
 * Idle windows. Pure: the instant is handed in, the zone's rules come from the Node that runs this.
 *
 * 1. A window is a set of readings of the wall clock in its zone: it is open whenever that clock reads a time from `from`
 *    up to, and not including, `to` on one of its days, for any of its spans. What a person sees on the wall decides,
 *    whatever the clock did before. A cron expression is read by the same clock: each of its times is a `from`, and the
 *    reading that is `for` later is the `to`.
 * 2. With `from` later than or equal to `to` a span goes on over midnight: the hours after midnight belong to the day of the
 *    week before, and it is that day which must be among `days`, and not among the dates of `except`. `from` equal to `to`
 *    lasts a whole day.
 * 3. Times that the clock skips in spring do not occur. A window that begins among them opens when the clock has jumped;
 *    one that lies wholly among them does not open on that day. A date that a zone skipped whole (Apia, 30 December 2011)
 *    counts in rule 2 as the day of the week it would have been.
 * 4. Times that the clock shows twice in autumn are inside both times. A window that ends among them therefore may close
 *    and open once more; one that goes past them is the longer by what was repeated.
 * 5. One opening is one stretch of readings without a break: spans that overlap or touch are one opening.
 * 6. But no opening goes on for ever: where the clock has read nothing but open times for 24 hours, the first span that begins
 *    on a day closes the opening and begins the next at the same instant. So whole days are openings of a day each.
 */
import { DAY } from '../clock.ts';
import type { WindowSpec } from '../desired/spec.ts';
import { type Readings, readingsOf } from './window-readings.ts';
import type { Stretch } from './window-starts.ts';
import { type Zone, zoneOf } from './zone.ts';

/** Instants in milliseconds since the epoch; `opensAtMs` of a closed window is null if it never opens. */
export type WindowState =
  | { readonly open: true; readonly opensAtMs: number; readonly closesAtMs: number }
  | { readonly open: false; readonly opensAtMs: number | null };

/** Whether the window is open at `now`, since and until when, or when it opens next. Throws RangeError for an unknown zone. */
export function windowState(window: WindowSpec, now: number): WindowState {
  const known = answered.get(window);
  if (known !== undefined && known.since <= now && now < known.until) return known.state;
  const state = stateAt(window, now);
  const since = state.open ? state.opensAtMs : now;
  const until = (state.open ? state.closesAtMs : state.opensAtMs) ?? now + DAY;
  answered.set(window, { since, until, state });
  return state;
}

/** The last answer, which holds for hours where the question comes with every poll. */
const answered = new WeakMap<
  WindowSpec,
  { readonly since: number; readonly until: number; readonly state: WindowState }
>();

function stateAt(window: WindowSpec, now: number): WindowState {
  const zone = zoneOf(window.timezone);
  const readings = readingsOf(window);
  const here = readings.openingAt(now + zone.offsetAt(now));
  if (here === null) return { open: false, opensAtMs: nextOpening(readings, zone, now) };
  return { open: true, opensAtMs: beginOf(here, zone, now), closesAtMs: endOf(here, zone, now) };
}

/** The opening after the one at `now`, or the next one if the window is closed; null if there is none. */
export function followingOpening(window: WindowSpec, now: number): number | null {
  const state = windowState(window, now);
  if (!state.open) return state.opensAtMs;
  return stateAt(window, state.closesAtMs).opensAtMs;
}

/** Length of the longest opening in milliseconds, on days when the clock does not change. */
export function windowLength(window: WindowSpec): number {
  return readingsOf(window).longest();
}

function isIn({ from, to }: Stretch, reading: number): boolean {
  return from <= reading && reading < to;
}

/** The first instant after `now` at which the clock reads something else than times of this opening. */
function endOf(opening: Stretch, zone: Zone, now: number): number {
  let instant = now;
  for (;;) {
    const end = opening.to - zone.offsetAt(instant);
    const change = zone.firstChange(instant, end);
    if (change === null) return end;
    if (!isIn(opening, change + zone.offsetAt(change))) return change;
    instant = change;
  }
}

/** The first of the instants up to `now` at which the clock reads nothing but times of this opening. */
function beginOf(opening: Stretch, zone: Zone, now: number): number {
  let instant = now;
  for (;;) {
    const begin = opening.from - zone.offsetAt(instant);
    const edge = lastChange(zone, begin, instant) ?? begin;
    if (!isIn(opening, edge - 1 + zone.offsetAt(edge - 1))) return edge;
    instant = edge - 1;
  }
}

function lastChange(zone: Zone, from: number, to: number): number | null {
  let last: number | null = null;
  for (;;) {
    const change = zone.firstChange(last ?? from, to);
    if (change === null) return last;
    last = change;
  }
}

/** More than any clock was ever moved at once. */
const NEAR = 2 * DAY;

/**
 * Looks at moves of the clock only where they matter: soon after `now`, since the clock may show again what it showed just before,
 * and around the next opening. `now` is an instant at which the window is closed.
 */
function nextOpening(readings: Readings, zone: Zone, now: number): number | null {
  let closed = now;
  let until = now + NEAR;
  for (;;) {
    const found = firstOpen(readings, zone, closed, until);
    if (found !== null) return found;
    const next = readings.openingAfter(until + zone.offsetAt(until));
    if (next === null) return null;
    const near = next.from - zone.offsetAt(until);
    closed = Math.max(until, near - NEAR);
    until = near + NEAR;
  }
}

/** The first instant in `(closed, until]` at which the clock reads an open time; null: there is none. */
function firstOpen(readings: Readings, zone: Zone, closed: number, until: number): number | null {
  let instant = closed;
  for (;;) {
    const offset = zone.offsetAt(instant);
    const change = zone.firstChange(instant, until);
    const next = readings.openingAfter(instant + offset);
    if (next !== null && next.from - offset < (change ?? until + 1)) return next.from - offset;
    if (change === null) return null;
    if (readings.openingAt(change + zone.offsetAt(change)) !== null) return change;
    instant = change;
  }
}
