/** When the spans of a window begin and end, on the days on which they begin. Pure. */
import { DAY, HOUR, MINUTE } from '../clock.ts';
import type { SpanSpec, WindowSpec } from '../desired/spec.ts';
import { CRON_PERIOD, type Cron, parseCron } from './cron.ts';
import { type DayRange, parseDays, weekdayName } from './dates.ts';

/** A stretch of readings of the wall clock, in milliseconds; `to` is not in it. */
export type Stretch = { readonly from: number; readonly to: number };

export type WindowStarts = {
  /** What begins on this day, in milliseconds from its midnight on: in order, apart from each other. Empty if nothing does. */
  on(day: number): readonly Stretch[];
  /** The first day, at or after this one, on which something begins; null if there is none for a lifetime. */
  nextDay(day: number): number | null;
  /** The longest of its stretches. */
  readonly longest: number;
  /** Days after which it repeats, dates on which it does not open left aside. */
  readonly period: number;
};

/** Throws RangeError where a cron expression or a date is not one. */
export function startsOf(window: WindowSpec): WindowStarts {
  const rule = 'cron' in window ? cronRule(parseCron(window.cron), window.for) : spanRule(spansOf(window));
  const except = (window.except ?? []).map(parseDays);
  return {
    on: (day) => (rangeWith(except, day) === undefined ? rule.on(day) : []),
    nextDay: (day) => nextDay(rule, except, day),
    longest: rule.longest,
    period: rule.period,
  };
}

function spansOf(window: Exclude<WindowSpec, { cron: string }>): readonly SpanSpec[] {
  return 'spans' in window ? window.spans : [window];
}

type Rule = Pick<WindowStarts, 'on' | 'longest' | 'period'>;

function spanRule(spans: readonly SpanSpec[]): Rule {
  const byWeekday = new Map(
    (['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const).map((day) => [
      day,
      merged(spans.filter(({ days }) => days.includes(day)).map(stretchOf)),
    ]),
  );
  return {
    on: (day) => byWeekday.get(weekdayName(day)) ?? [],
    longest: longestOf([...byWeekday.values()]),
    period: 7,
  };
}

function cronRule({ times, onDay }: Cron, length: number): Rule {
  const stretches = merged(times.map((from) => ({ from, to: from + length })));
  return { on: (day) => (onDay(day) ? stretches : []), longest: longestOf([stretches]), period: CRON_PERIOD };
}

function stretchOf({ from, to }: SpanSpec): Stretch {
  const [begin, end] = [timeOfDay(from), timeOfDay(to)];
  return { from: begin, to: end > begin ? end : end + DAY };
}

/** `HH:MM` as milliseconds since midnight. */
function timeOfDay(text: string): number {
  const [hours = '0', minutes = '0'] = text.split(':');
  return Number(hours) * HOUR + Number(minutes) * MINUTE;
}

function longestOf(days: readonly (readonly Stretch[])[]): number {
  return Math.max(0, ...days.flat().map(({ from, to }) => to - from));
}

/** What overlaps or touches becomes one. */
function merged(stretches: readonly Stretch[]): readonly Stretch[] {
  const found: Stretch[] = [];
  for (const stretch of stretches.toSorted((a, b) => a.from - b.from)) {
    const last = found.at(-1);
    if (last === undefined || last.to < stretch.from) found.push(stretch);
    else found[found.length - 1] = { from: last.from, to: Math.max(last.to, stretch.to) };
  }
  return found;
}

/** A lifetime in days: what does not come within it never does. */
const FOREVER = 100 * 366;

function nextDay({ on }: Rule, except: readonly DayRange[], first: number): number | null {
  let day = first;
  while (day < first + FOREVER) {
    const skipped = rangeWith(except, day);
    if (skipped !== undefined) day = skipped.last + 1;
    else if (on(day).length > 0) return day;
    else day += 1;
  }
  return null;
}

function rangeWith(except: readonly DayRange[], day: number): DayRange | undefined {
  return except.find(({ first, last }) => first <= day && day <= last);
}
