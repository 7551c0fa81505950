/**
 * Idle windows. Pure: the instant is handed in, the zone's rules come from the Node that runs this.
 *
 * 1. A window is a set of readings of the wall clock in its zone: it is open whenever that clock reads a time from `from`
 *    up to, and not including, `to` on one of its days. What a person sees on the wall decides, whatever the clock did before.
 * 2. With `from` later than or equal to `to` it goes on over midnight: the hours after midnight belong to the day of the
 *    week before, and it is that day which must be among `days`. `from` equal to `to` lasts a whole day.
 * 3. Times that the clock skips in spring do not occur. A window that begins among them opens when the clock has jumped;
 *    one that lies wholly among them does not open on that day. A date that a zone skipped whole (Apia, 30 December 2011)
 *    counts in rule 2 as the day of the week it would have been.
 * 4. Times that the clock shows twice in autumn are inside both times. A window that ends among them therefore may close
 *    and open once more; one that goes past them is the longer by what was repeated.
 * 5. One opening is one stretch of time without a break that belongs to one day of `days`. Where a whole-day window
 *    follows another, the first closes and the next opens at the same instant.
 */
import { DAY, HOUR, MINUTE } from '../clock.ts';
import type { Weekday, WindowSpec } from '../desired/spec.ts';
import { type Zone, zoneOf } from './zone.ts';

/** Instants in milliseconds since the epoch; `opensAtMs` of a closed window is null if it never opens. */
export type WindowState =
  | { readonly open: true; readonly opensAtMs: number; readonly closesAtMs: number }
  | { readonly open: false; readonly opensAtMs: number | null };

/** How far ahead an opening is looked for: more than the week after which days repeat, and one skipped in spring. */
const HORIZON = 30 * DAY;

/** Whether the window is open at `now`, since and until when, or when it opens next. Throws RangeError for an unknown zone. */
export function windowState(window: WindowSpec, now: number): WindowState {
  const zone = zoneOf(window.timezone);
  const dayAt = (instant: number) => openingDay(window, instant + zone.offsetAt(instant));
  const day = dayAt(now);
  if (day === null) return { open: false, opensAtMs: nextOpening(window, zone, dayAt, now) };
  return {
    open: true,
    opensAtMs: edgeBefore(window, zone, dayAt, now, day),
    closesAtMs: edgeAfter(window, zone, dayAt, now, day),
  };
}

/** The opening after the one at `now`, or the next one if the window is closed; null if there is none. */
export function followingOpening(window: WindowSpec, now: number): number | null {
  const state = windowState(window, now);
  if (!state.open) return state.opensAtMs;
  return windowState(window, state.closesAtMs).opensAtMs;
}

/** Length in milliseconds on a day when the clock does not change. */
export function windowLength(window: WindowSpec): number {
  const length = timeOfDay(window.to) - timeOfDay(window.from);
  return length > 0 ? length : length + DAY;
}

type DayAt = (instant: number) => number | null;

const WEEKDAYS: readonly Weekday[] = ['thu', 'fri', 'sat', 'sun', 'mon', 'tue', 'wed'];

/** The day (counted from 1 January 1970) whose opening this local time lies in; null if it lies in none. */
function openingDay(window: WindowSpec, local: number): number | null {
  const day = Math.floor(local / DAY);
  const time = local - day * DAY;
  const [from, to] = [timeOfDay(window.from), timeOfDay(window.to)];
  const listed = (candidate: number) =>
    window.days.some((name) => name === WEEKDAYS[((candidate % 7) + 7) % 7]);
  if (from < to) return time >= from && time < to && listed(day) ? day : null;
  if (time >= from && listed(day)) return day;
  return time < to && listed(day - 1) ? day - 1 : null;
}

/** `HH:MM` as milliseconds since midnight. */
function timeOfDay(text: string): number {
  const [hours = '0', minutes = '0'] = text.split(':');
  return Number(hours) * HOUR + Number(minutes) * MINUTE;
}

/** Instants at which the answer may change, going forward from `now`: the wall clock reaches `from` or `to`, or is moved. */
function nextEdge(window: WindowSpec, zone: Zone, now: number): number {
  const offset = zone.offsetAt(now);
  const local = now + offset;
  const midnight = Math.floor(local / DAY) * DAY;
  const edges = [timeOfDay(window.from), timeOfDay(window.to)].flatMap((time) => [
    midnight + time,
    midnight + DAY + time,
  ]);
  const next = Math.min(...edges.filter((edge) => edge > local)) - offset;
  return zone.firstChange(now, next) ?? next;
}

/** The same going backward: the latest instant at or before `now`. */
function lastEdge(window: WindowSpec, zone: Zone, now: number): number {
  const offset = zone.offsetAt(now);
  const local = now + offset;
  const midnight = Math.floor(local / DAY) * DAY;
  const edges = [timeOfDay(window.from), timeOfDay(window.to)].flatMap((time) => [
    midnight + time,
    midnight - DAY + time,
  ]);
  let edge = Math.max(...edges.filter((candidate) => candidate <= local)) - offset;
  for (;;) {
    const change = zone.firstChange(edge, now);
    if (change === null) return edge;
    edge = change;
  }
}

function edgeAfter(window: WindowSpec, zone: Zone, dayAt: DayAt, now: number, day: number): number {
  let instant = nextEdge(window, zone, now);
  while (dayAt(instant) === day) instant = nextEdge(window, zone, instant);
  return instant;
}

function edgeBefore(window: WindowSpec, zone: Zone, dayAt: DayAt, now: number, day: number): number {
  let instant = lastEdge(window, zone, now);
  while (dayAt(instant - 1) === day) instant = lastEdge(window, zone, instant - 1);
  return instant;
}

function nextOpening(window: WindowSpec, zone: Zone, dayAt: DayAt, now: number): number | null {
  for (
    let instant = nextEdge(window, zone, now);
    instant <= now + HORIZON;
    instant = nextEdge(window, zone, instant)
  ) {
    if (dayAt(instant) !== null) return instant;
  }
  return null;
}
