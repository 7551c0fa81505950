/** Windows of several spans, by cron and with dates on which they stay shut: examples, and all sorts against a walk through the minutes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HOUR } from '../../../reconciler/clock.ts';
import type { WindowSpec } from '../../../reconciler/desired/spec.ts';
import { weekdayName } from '../../../reconciler/gate/dates.ts';
import { followingOpening, windowLength, windowState } from '../../../reconciler/gate/window.ts';
import { agreesWithScan, inZone, MINUTE, type Scanned, type ScanSpan } from './minute-scan.ts';

const WORKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri'] as const;
const EVERY_DAY = [...WORKDAYS, 'sat', 'sun'] as const;
const DAY = 24 * 60;

function shown(window: WindowSpec, now: string): string {
  const text = (ms: number | null) => (ms === null ? 'never' : new Date(ms).toISOString().slice(0, 16));
  const state = windowState(window, Date.parse(`${now}Z`));
  return state.open
    ? `${text(state.opensAtMs)} to ${text(state.closesAtMs)}`
    : `shut until ${text(state.opensAtMs)}`;
}

describe('a window of several spans', () => {
  const nights = { days: EVERY_DAY, from: '20:00', to: '05:00' };
  const twice: WindowSpec = {
    name: 'w',
    timezone: 'UTC',
    spans: [{ days: WORKDAYS, from: '12:00', to: '13:00' }, nights],
  };

  it('opens for each of them', () => {
    expect(shown(twice, '2026-01-14T11:00')).toBe('shut until 2026-01-14T12:00');
    expect(shown(twice, '2026-01-14T12:30')).toBe('2026-01-14T12:00 to 2026-01-14T13:00');
    expect(shown(twice, '2026-01-14T13:00')).toBe('shut until 2026-01-14T20:00');
    expect(windowLength(twice)).toBe(9 * HOUR);
  });

  it('is one opening where they touch, over midnight too', () => {
    const spans = [
      { days: EVERY_DAY, from: '22:00', to: '00:00' },
      { days: EVERY_DAY, from: '00:00', to: '05:00' },
    ];
    const window: WindowSpec = { name: 'w', timezone: 'UTC', spans };
    expect(shown(window, '2026-01-14T23:00')).toBe('2026-01-14T22:00 to 2026-01-15T05:00');
    expect(windowLength(window)).toBe(7 * HOUR);
  });

  it('that is open all weekend opens anew on Sunday, having been open for a day', () => {
    const window: WindowSpec = {
      name: 'w',
      timezone: 'UTC',
      spans: [nights, { days: ['sat', 'sun'], from: '00:00', to: '00:00' }],
    };
    expect(shown(window, '2026-01-17T10:00')).toBe('2026-01-16T20:00 to 2026-01-18T00:00');
    expect(shown(window, '2026-01-18T10:00')).toBe('2026-01-18T00:00 to 2026-01-19T05:00');
    expect(followingOpening(window, Date.parse('2026-01-17T10:00Z'))).toBe(Date.parse('2026-01-18T00:00Z'));
    expect(windowLength(window)).toBe(29 * HOUR);
  });
});

describe('a window by cron', () => {
  const window: WindowSpec = { name: 'w', timezone: 'Europe/Zurich', cron: '0 22 * * 1-5', for: 6 * HOUR };

  it('opens at each of its times and lasts as long as it says', () => {
    expect(shown(window, '2026-01-16T22:00')).toBe('2026-01-16T21:00 to 2026-01-17T03:00');
    expect(shown(window, '2026-01-17T12:00')).toBe('shut until 2026-01-19T21:00');
    expect(windowLength(window)).toBe(6 * HOUR);
  });

  it('ends at the same time by the clock on the nights on which that is moved', () => {
    const daily: WindowSpec = { ...window, cron: '0 22 * * *' };
    expect(shown(daily, '2026-03-28T22:00')).toBe('2026-03-28T21:00 to 2026-03-29T02:00');
    expect(shown(daily, '2026-10-24T22:00')).toBe('2026-10-24T20:00 to 2026-10-25T03:00');
  });

  it('may come once in years', () => {
    const leap: WindowSpec = { ...window, timezone: 'UTC', cron: '0 2 29 2 *' };
    expect(shown(leap, '2096-02-29T08:00')).toBe('shut until 2104-02-29T02:00');
  });

  it('that is open at all times opens anew each day', () => {
    const always: WindowSpec = { ...window, timezone: 'UTC', cron: '*/5 * * * *', for: HOUR };
    expect(shown(always, '2026-01-14T11:03')).toBe('2026-01-14T00:00 to 2026-01-15T00:00');
    expect(windowLength(always)).toBe(24 * HOUR);
  });
});

describe('a date on which a window stays shut', () => {
  const nightly: WindowSpec = {
    name: 'w',
    timezone: 'Europe/Zurich',
    days: EVERY_DAY,
    from: '20:00',
    to: '05:00',
    except: ['2026-12-24/2027-01-02', '2027-01-03'],
  };

  it('keeps it from opening, and lets what opened the evening before end', () => {
    expect(shown(nightly, '2026-12-24T01:00')).toBe('2026-12-23T19:00 to 2026-12-24T04:00');
    expect(shown(nightly, '2026-12-24T20:00')).toBe('shut until 2027-01-04T19:00');
    expect(shown(nightly, '2027-01-03T01:00')).toBe('shut until 2027-01-04T19:00');
  });

  it('is a date of its own zone', () => {
    const tokyo: WindowSpec = {
      ...nightly,
      timezone: 'Asia/Tokyo',
      from: '06:00',
      to: '07:00',
      except: ['2026-12-24'],
    };
    expect(shown(tokyo, '2026-12-23T20:00')).toBe('shut until 2026-12-24T21:00');
  });

  it('leaves nothing of a window where there is no end of them', () => {
    expect(shown({ ...nightly, except: ['2026-01-01/9999-12-31'] }, '2026-06-01T00:00')).toBe(
      'shut until never',
    );
  });
});

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
