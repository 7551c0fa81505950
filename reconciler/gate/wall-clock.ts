/** Instants as the clocks of a zone show them, for sentences. */

import { DAY } from '../clock.ts';

/** How far from now a date without its year is understood. */
const YEAR_GOES_WITHOUT_SAYING = 300 * DAY;

/** `Wed 14 Jan 20:00 (Europe/Zurich)`: the window's own clock, since that is what its author thinks in. */
export function wallClock(instant: number, timeZone: string, now: number): string {
  const form = Math.abs(instant - now) > YEAR_GOES_WITHOUT_SAYING ? 'date' : 'day';
  const shown = formatOf(timeZone, form).format(instant).replaceAll(',', '');
  return `${shown} (${timeZone})`;
}

/** `21:04`. */
export function clockTime(instant: number, timeZone: string): string {
  return formatOf(timeZone, 'time').format(instant);
}

const TIME = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
const DATE = { weekday: 'short', day: 'numeric', month: 'short', ...TIME } as const;
const FORMS = { time: TIME, day: DATE, date: { ...DATE, year: 'numeric' } } as const;

/** Making one takes as long as using it fifty times. */
const known = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string, form: keyof typeof FORMS): Intl.DateTimeFormat {
  const key = `${form} ${timeZone}`;
  const found = known.get(key) ?? new Intl.DateTimeFormat('en-GB', { timeZone, ...FORMS[form] });
  known.set(key, found);
  return found;
}
