/** Days counted from 1 January 1970, and how people write them. Pure. */
import { DAY } from '../clock.ts';
import type { Weekday } from '../desired/spec.ts';

/** First and last day, both included. */
export type DayRange = { readonly first: number; readonly last: number };

const WEEKDAYS: readonly Weekday[] = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
/** 1 January 1970. */
const THURSDAY = 4;

/** 0 is Sunday. */
export function weekdayOf(day: number): number {
  return (((day + THURSDAY) % 7) + 7) % 7;
}

export function weekdayName(day: number): Weekday {
  return WEEKDAYS[weekdayOf(day)] ?? 'sun';
}

/** `2026-12-24` or `2026-12-24/2027-01-02`. Throws a RangeError that says what is wrong with it. */
export function parseDays(text: string): DayRange {
  const [first = '', last = first, ...rest] = text.split('/');
  if (rest.length > 0) throw new RangeError('it has more than two dates');
  const range = { first: parseDate(first), last: parseDate(last) };
  if (range.first > range.last) throw new RangeError('it ends before it begins');
  return range;
}

function parseDate(text: string): number {
  const instant = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  // Date.parse takes 30 February for 2 March
  if (Number.isNaN(instant) || new Date(instant).toISOString().slice(0, 10) !== text) {
    throw new RangeError(`there is no date ${text}`);
  }
  return instant / DAY;
}
