/** All sorts of windows, in any zone and at any time, against a walk through the minutes. */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { weekdayName } from '../../../reconciler/gate/dates.ts';
import { agreesWithScan, inZone, MINUTE, type Scanned, type ScanSpan } from './minute-scan.ts';

const EVERY_DAY = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const DAY = 24 * 60;

const quarter = fc.integer({ min: 0, max: 95 }).map((n) => n * 15);
const days = fc.oneof(fc.subarray([...EVERY_DAY], { minLength: 1 }), fc.constant(EVERY_DAY));
/** Often so long that the window hardly ever shuts. */
const spanLength = fc
  .oneof(fc.integer({ min: 1, max: 96 }), fc.integer({ min: 40, max: 96 }))
  .map((n) => n * 15);

const bySpans = fc
  .array(fc.record({ days, from: quarter, length: spanLength }), {
    minLength: 1,
    maxLength: 4,
  })
  .map((spans) => ({
    form: {
      spans: spans.map((span) => ({
        days: span.days,
        from: clock(span.from),
        to: clock(span.from + span.length),
      })),
    },
    spans: spans.map(
      (span): ScanSpan => ({
        from: span.from,
        length: span.length,
        on: (day) => span.days.some((name) => name === weekdayName(day.getTime() / MINUTE / DAY)),
      }),
    ),
  }));

const byCron = fc
  .record({
    minutes: fc.subarray([0, 7, 15, 30, 45], { minLength: 1 }),
    hours: fc.uniqueArray(fc.integer({ min: 0, max: 23 }), { minLength: 1, maxLength: 3 }),
    dates: fc.option(fc.uniqueArray(fc.integer({ min: 1, max: 28 }), { minLength: 1, maxLength: 20 })),
    weekdays: fc.option(fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 6 })),
    length: fc.integer({ min: 1, max: 120 }).map((n) => n * 15),
  })
  .map(({ minutes, hours, dates, weekdays, length }) => ({
    form: { cron: `${minutes} ${hours} ${dates ?? '*'} * ${weekdays ?? '*'}`, for: length * MINUTE },
    spans: hours.flatMap((hour) =>
      minutes.map(
        (minute): ScanSpan => ({
          from: hour * 60 + minute,
          length,
          on: (day) => {
            const fits = [dates?.includes(day.getUTCDate()), weekdays?.includes(day.getUTCDay())];
            const restricted = fits.filter((each) => each !== undefined);
            return restricted.length === 0 || restricted.includes(true);
          },
        }),
      ),
    ),
  }));

/** Days from the one that is looked at. */
const shut = fc.array(fc.tuple(fc.integer({ min: -6, max: 6 }), fc.integer({ min: 0, max: 3 })), {
  maxLength: 3,
});

function clock(minutes: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(Math.floor(minutes / 60) % 24)}:${two(minutes % 60)}`;
}

describe('every window, compared with a walk through the minutes', () => {
  it('agrees in any zone, whatever its spans, its cron expression and the dates on which it stays shut', () => {
    fc.assert(
      fc.property(
        fc.oneof(bySpans, byCron),
        shut,
        fc.constantFrom(...Intl.supportedValuesOf('timeZone')),
        // Liberia's half minutes are over
        fc.integer({ min: Date.UTC(1973, 0, 1) / MINUTE, max: Date.UTC(2070, 0, 1) / MINUTE }),
        (made, shutDays, timezone, minute) => {
          const now = minute * MINUTE;
          const today = Math.floor(minute / DAY);
          const ranges = shutDays.map(([first, more]) => ({
            first: today + first,
            last: today + first + more,
          }));
          const date = (day: number) => new Date(day * DAY * MINUTE).toISOString().slice(0, 10);
          const except = ranges.map(({ first, last }) => `${date(first)}/${date(last)}`);
          const isShut = (day: Date) => {
            const number = day.getTime() / MINUTE / DAY;
            return ranges.some(({ first, last }) => first <= number && number <= last);
          };
          const scanned: Scanned = {
            window: { name: 'tried', timezone, except, ...made.form },
            spans: made.spans.map((span) => ({ ...span, on: (day) => !isShut(day) && span.on(day) })),
          };
          inZone(timezone, () => agreesWithScan(scanned, [now], 5));
        },
      ),
      { numRuns: 1500 },
    );
  });
});
