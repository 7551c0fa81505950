/**
 * The five fields of a cron expression: minute, hour, day of the month, month, day of the week. Pure.
 *
 * 1. Each field is `*`, or a list with commas of values, ranges `a-b`, and steps `*` + `/n` or `a-b/n`.
 * 2. Months and days of the week may be named by their first three letters. Sunday is 0 and 7.
 * 3. Where both fields of days are restricted, a day that either of them names will do, as in every cron. A field that begins
 *    with `*` restricts nothing.
 */
import { DAY, HOUR, MINUTE } from '../clock.ts';
import { weekdayOf } from './dates.ts';

export type Cron = {
  /** Times of day in milliseconds after midnight, in order. */
  readonly times: readonly number[];
  /** Whether it comes on this day, counted from 1 January 1970. */
  readonly onDay: (day: number) => boolean;
};

/** Throws a RangeError that says which field is wrong, and how. */
export function parseCron(text: string): Cron {
  const parts = text.trim().split(/\s+/);
  if (parts.length !== FIELDS.length) {
    throw new RangeError(
      `it must have five fields (minute, hour, day, month, day of the week), not ${parts.length}`,
    );
  }
  const [minutes, hours, dates, months, weekdays] = FIELDS.map((field, at) =>
    valuesOf(parts[at] ?? '', field),
  );
  if (!minutes || !hours || !dates || !months || !weekdays) throw new Error('there are five fields');
  const isFree = (at: number) => parts[at]?.startsWith('*') === true;
  const either = !isFree(2) && !isFree(4);
  const onDay = (day: number) => {
    const date = new Date(day * DAY);
    if (!months.has(date.getUTCMonth() + 1)) return false;
    const [byDate, byWeekday] = [dates.has(date.getUTCDate()), weekdays.has(weekdayOf(day))];
    return either ? byDate || byWeekday : byDate && byWeekday;
  };
  if (!comesAtAll(onDay)) throw new RangeError('no year has such a day');
  const times = [...hours].flatMap((hour) => [...minutes].map((minute) => hour * HOUR + minute * MINUTE));
  return { times: times.toSorted((a, b) => a - b), onDay };
}

type Field = {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly words: readonly string[];
};

const FIELDS: readonly Field[] = [
  { name: 'minute', least: 0, most: 59, words: [] },
  { name: 'hour', least: 0, most: 23, words: [] },
  { name: 'day', least: 1, most: 31, words: [] },
  {
    name: 'month',
    least: 1,
    most: 12,
    words: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  { name: 'day of the week', least: 0, most: 7, words: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
];

function valuesOf(text: string, field: Field): ReadonlySet<number> {
  const values = text.split(',').flatMap((item) => itemValues(item, field));
  // only days of the week reach to 7, which is Sunday once more
  return new Set(values.map((value) => (field.most === 7 ? value % 7 : value)));
}

function itemValues(item: string, field: Field): readonly number[] {
  const [, range = '', step] = /^([^/]+)(?:\/(\d{1,2}))?$/.exec(item) ?? [];
  const [first = '', last, ...rest] = range.split('-');
  if (range === '' || rest.length > 0 || step === '0' || step === '00')
    throw new RangeError(wrong(item, field));
  if (step !== undefined && first !== '*' && last === undefined) {
    throw new RangeError(
      `${field.name} "${item}" has a step and no range: write ${first}-${field.most}/${step}`,
    );
  }
  const [from, to] =
    first === '*' && last === undefined ? [field.least, field.most] : ends(first, last, field, item);
  if (from > to) throw new RangeError(`${field.name} "${item}" ends before it begins`);
  const size = Number(step ?? 1);
  return Array.from({ length: Math.floor((to - from) / size) + 1 }, (_, index) => from + index * size);
}

function ends(
  first: string,
  last: string | undefined,
  field: Field,
  item: string,
): readonly [number, number] {
  const from = numberOf(first, field, item);
  return [from, last === undefined ? from : numberOf(last, field, item)];
}

function numberOf(text: string, field: Field, item: string): number {
  const named = field.words.indexOf(text.toLowerCase());
  if (named !== -1) return named + (field.name === 'month' ? 1 : 0);
  const value = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= field.least && value <= field.most) return value;
  throw new RangeError(wrong(item, field));
}

function wrong(item: string, { name, least, most, words }: Field): string {
  const named = words.length === 0 ? '' : `, or ${words[0]} to ${words.at(-1)}`;
  return `${name} "${item}" is not made of ${least} to ${most}${named}`;
}

/** 29 February falls on each day of the week within 28 years, and comes at most 8 years apart. */
export const CRON_PERIOD = 28 * 366;

function comesAtAll(onDay: Cron['onDay']): boolean {
  for (let day = 0; day < CRON_PERIOD; day += 1) if (onDay(day)) return true;
  return false;
}
