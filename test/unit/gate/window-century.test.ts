/** Windows around every move of the clock in every zone, for a century, compared with walking through the minutes. */
import { describe, expect, it } from 'vitest';
import { weekdayName } from '../../../reconciler/gate/dates.ts';
import { agreesWithScan, inZone, MINUTE, type Scanned, shownAt } from './minute-scan.ts';

const DAY = 24 * 60;
const FIRST_YEAR = 1970;
const LAST_YEAR = 2070;

/** Every instant at which the clock of the process is moved. No two moves are less than a day apart. */
function moves(): number[] {
  const found: number[] = [];
  const end = Date.UTC(LAST_YEAR + 1, 0, 1);
  let before = offsetAt(Date.UTC(FIRST_YEAR, 0, 1));
  for (let instant = Date.UTC(FIRST_YEAR, 0, 2); instant < end; instant += DAY * MINUTE) {
    if (offsetAt(instant) === before) continue;
    let [low, high] = [instant - DAY * MINUTE, instant];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (offsetAt(middle) === before) low = middle;
      else high = middle;
    }
    found.push(high);
    before = offsetAt(instant);
  }
  return found;
}

function offsetAt(instant: number): number {
  return new Date(instant).getTimezoneOffset();
}

/** Where windows begin, counted in minutes from what the clock showed when it was moved, and how long they last. */
const BEGINS = [-1500, -540, -121, -90, -60, -31, -30, -1, 0, 1, 15, 30, 45, 60, 75, 119, 600];
const LENGTHS = [1, 15, 30, 45, 60, 61, 90, 150, 540, 1439, 1440];
const INSTANTS = [-2000, -61, 17, 59, 61, 1000];

/** A window whose edges lie about the move: which one is told by a number, so that a century tries all sorts. */
function windowAt(zone: string, move: number, number: number): Scanned {
  const pick = <T>(list: readonly T[], apart: number): T => {
    const found = list[Math.floor(number / apart) % list.length];
    if (found === undefined) throw new Error('an empty list');
    return found;
  };
  const start = shownAt(move - MINUTE) + 1 + pick(BEGINS, 1);
  const length = pick(LENGTHS, 17);
  const [day, from] = [Math.floor(start / DAY), start - Math.floor(start / DAY) * DAY];
  const common = { name: 'tried', timezone: zone };
  const onDay = (date: Date) => date.getUTCDay() === new Date(day * DAY * MINUTE).getUTCDay();
  const one = { from: clock(from), to: clock(from + length) };
  switch (number % 5) {
    case 0:
      return { window: { ...common, days: EVERY_DAY, ...one }, spans: [{ from, length, on: () => true }] };
    case 1:
      return {
        window: { ...common, days: [weekdayName(day)], ...one },
        spans: [{ from, length, on: onDay }],
      };
    case 2: {
      const [minute, hour] = [from % 60, Math.floor(from / 60)];
      const date = new Date(day * DAY * MINUTE);
      const cron = `${minute} ${hour} ${date.getUTCDate()} ${date.getUTCMonth() + 1} *`;
      const on = (other: Date) => other.getTime() === date.getTime();
      return { window: { ...common, cron, for: length * MINUTE }, spans: [{ from, length, on }] };
    }
    case 3: {
      const except = [new Date(day * DAY * MINUTE).toISOString().slice(0, 10)];
      const on = (other: Date) => other.getTime() !== day * DAY * MINUTE;
      return { window: { ...common, days: EVERY_DAY, ...one, except }, spans: [{ from, length, on }] };
    }
    default: {
      // another span that begins when the first has ended, or somewhat later
      const second = (from + length + pick([0, 15, 60], 187)) % DAY;
      const other = { from: clock(second), to: clock(second + 45) };
      return {
        window: {
          ...common,
          spans: [
            { days: EVERY_DAY, ...one },
            { days: EVERY_DAY, ...other },
          ],
        },
        spans: [
          { from, length, on: () => true },
          { from: second, length: 45, on: () => true },
        ],
      };
    }
  }
}

const EVERY_DAY = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

function clock(minutes: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(Math.floor(minutes / 60) % 24)}:${two(minutes % 60)}`;
}

describe('a window', () => {
  it('is open when a walk through the minutes says so, at every move of the clock of every zone from 1970 to 2070', () => {
    let count = 0;
    for (const zone of Intl.supportedValuesOf('timeZone')) {
      inZone(zone, () => {
        for (const move of moves()) {
          count += 1;
          // Liberia's clocks were 44 minutes and 30 seconds behind, and left that off the full minute
          const step = move % MINUTE === 0 ? MINUTE : MINUTE / 2;
          const scanned = windowAt(zone, move, count * 7);
          const other = move + (INSTANTS[count % INSTANTS.length] ?? 0) * MINUTE;
          agreesWithScan(scanned, [move - step, count % 2 === 0 ? move : other], 1.5, step);
        }
      });
    }
    expect(count).toBeGreaterThan(20_000);
  }, 300_000);
});
