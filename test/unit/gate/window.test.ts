import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SpanSpec, Weekday, WindowSpec } from '../../../reconciler/desired/spec.ts';
import { followingOpening, windowLength, windowState } from '../../../reconciler/gate/window.ts';
import { zoneOf } from '../../../reconciler/gate/zone.ts';

const EVERY_DAY: readonly Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const MINUTE = 60_000;

function windowOf(
  from: string,
  to: string,
  timezone: string,
  days: readonly Weekday[] = EVERY_DAY,
): WindowSpec & SpanSpec {
  return { name: 'nightly', days, from, to, timezone };
}

function at(text: string): number {
  return Date.parse(text);
}

function shown(window: WindowSpec, now: string) {
  const state = windowState(window, at(now));
  const text = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
  return state.open
    ? { open: true, opens: text(state.opensAtMs), closes: text(state.closesAtMs) }
    : { open: false, opens: text(state.opensAtMs) };
}

describe('an idle window', () => {
  const nightly = windowOf('20:00', '05:00', 'Europe/Zurich');

  it('is open from the minute it opens up to the minute it closes, over midnight', () => {
    const open = { open: true, opens: '2026-01-14T19:00:00.000Z', closes: '2026-01-15T04:00:00.000Z' };
    expect(shown(nightly, '2026-01-14T18:59:59.999Z')).toEqual({
      open: false,
      opens: '2026-01-14T19:00:00.000Z',
    });
    expect(shown(nightly, '2026-01-14T19:00:00.000Z')).toEqual(open);
    expect(shown(nightly, '2026-01-15T03:59:59.999Z')).toEqual(open);
    expect(shown(nightly, '2026-01-15T04:00:00.000Z')).toEqual({
      open: false,
      opens: '2026-01-15T19:00:00.000Z',
    });
  });

  it('belongs, after midnight, to the day on which it opened', () => {
    const friday = windowOf('22:00', '02:00', 'UTC', ['fri']);
    expect(shown(friday, '2026-01-17T01:00:00Z')).toMatchObject({
      open: true,
      opens: '2026-01-16T22:00:00.000Z',
    });
    expect(shown(friday, '2026-01-16T01:00:00Z')).toEqual({ open: false, opens: '2026-01-16T22:00:00.000Z' });
  });

  it('is a whole day long when it ends at the time it begins, and opens anew each day', () => {
    const whole = windowOf('06:00', '06:00', 'UTC');
    expect(shown(whole, '2026-01-14T06:00:00Z')).toEqual({
      open: true,
      opens: '2026-01-14T06:00:00.000Z',
      closes: '2026-01-15T06:00:00.000Z',
    });
    expect(windowLength(whole)).toBe(24 * 60 * MINUTE);
  });

  it('never opens without days', () => {
    expect(shown(windowOf('20:00', '05:00', 'UTC', []), '2026-01-14T21:00:00Z')).toEqual({
      open: false,
      opens: null,
    });
  });

  it('is shorter by the hour that spring takes away, and longer by the one that autumn repeats', () => {
    expect(shown(nightly, '2026-03-29T00:00:00Z')).toEqual({
      open: true,
      opens: '2026-03-28T19:00:00.000Z',
      closes: '2026-03-29T03:00:00.000Z',
    });
    expect(shown(nightly, '2026-10-25T00:00:00Z')).toEqual({
      open: true,
      opens: '2026-10-24T18:00:00.000Z',
      closes: '2026-10-25T04:00:00.000Z',
    });
  });

  it('that begins among the times spring skips opens when the clock has jumped', () => {
    expect(shown(windowOf('02:30', '04:00', 'Europe/Zurich'), '2026-03-29T00:59:00Z')).toEqual({
      open: false,
      opens: '2026-03-29T01:00:00.000Z',
    });
  });

  it('that lies wholly among the times spring skips opens on the day after', () => {
    expect(shown(windowOf('02:15', '02:45', 'Europe/Zurich'), '2026-03-29T00:59:00Z')).toEqual({
      open: false,
      opens: '2026-03-30T00:15:00.000Z',
    });
  });

  it('that ends among the times autumn repeats closes and opens once more', () => {
    const early = windowOf('01:00', '02:30', 'Europe/Zurich');
    expect(shown(early, '2026-10-24T23:00:00Z')).toMatchObject({
      open: true,
      closes: '2026-10-25T00:30:00.000Z',
    });
    expect(shown(early, '2026-10-25T00:45:00Z')).toEqual({ open: false, opens: '2026-10-25T01:00:00.000Z' });
    expect(shown(early, '2026-10-25T01:10:00Z')).toMatchObject({
      open: true,
      closes: '2026-10-25T01:30:00.000Z',
    });
  });

  it('knows the opening after the one under way', () => {
    const following = followingOpening(nightly, at('2026-01-14T21:00:00Z'));
    expect(following).toBe(at('2026-01-15T19:00:00Z'));
  });

  it('refuses a zone that does not exist', () => {
    expect(() => windowState(windowOf('20:00', '05:00', 'Europe/Zuerich'), 0)).toThrow(RangeError);
  });
});

/** The rules of window.ts once more, written differently: look at every minute's wall clock as `Intl` shows it. */
function scanner(window: WindowSpec & SpanSpec) {
  const clock = new Intl.DateTimeFormat('en-GB', {
    timeZone: window.timezone,
    dateStyle: 'short',
    timeStyle: 'medium',
    hourCycle: 'h23',
  });
  return (instant: number): string | null => {
    const [, day = '', month = '', year = '', time = ''] =
      /^(\d+)\/(\d+)\/(\d+), (\d\d:\d\d)/.exec(clock.format(instant)) ?? [];
    const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
    const listed = () => window.days.includes(EVERY_DAY[(date.getUTCDay() + 6) % 7] ?? 'mon');
    const over = window.from >= window.to;
    if (time >= window.from && (over || time < window.to) && listed()) return date.toISOString();
    if (!over || time >= window.to) return null;
    date.setUTCDate(date.getUTCDate() - 1);
    return listed() ? date.toISOString() : null;
  };
}

/** Steps through minutes until the answer is another one; null after `limit` minutes. */
function walk(
  day: (instant: number) => string | null,
  start: number,
  step: number,
  limit: number,
): number | null {
  const first = day(start);
  for (let count = 1; count <= limit; count += 1) {
    if (day(start + count * step) !== first) return start + count * step;
  }
  return null;
}

function agreesWithScan(window: WindowSpec & SpanSpec, now: number): void {
  const day = scanner(window);
  const state = windowState(window, now);
  expect(state.open).toBe(day(now) !== null);
  const change = walk(day, now, MINUTE, 3 * 24 * 60);
  if (state.open) {
    expect(state.closesAtMs).toBe(change);
    const before = walk(day, now, -MINUTE, 2 * 24 * 60);
    expect(state.opensAtMs).toBe(before === null ? null : before + MINUTE);
  } else if (change === null) {
    expect(state.opensAtMs === null || state.opensAtMs > now + 3 * 24 * 60 * MINUTE).toBe(true);
  } else {
    expect(state.opensAtMs).toBe(change);
  }
}

/** Zones with rules out of the ordinary, and instants at which they moved their clocks. */
const MOVES: readonly (readonly [string, string])[] = [
  ['Europe/Zurich', '2026-03-29T01:00:00Z'],
  ['Europe/Zurich', '2026-10-25T01:00:00Z'],
  ['America/New_York', '2026-03-08T07:00:00Z'],
  ['America/New_York', '2026-11-01T06:00:00Z'],
  ['America/St_Johns', '2010-11-07T02:31:00Z'], // moved at one minute past midnight
  ['Australia/Lord_Howe', '2026-04-04T15:00:00Z'], // half an hour
  ['Australia/Lord_Howe', '2026-10-03T15:30:00Z'],
  ['Asia/Kolkata', '2026-06-01T00:00:00Z'],
  ['Asia/Kathmandu', '1985-12-31T18:30:00Z'], // a quarter of an hour
  ['Pacific/Apia', '2011-12-30T10:00:00Z'], // skipped 30 December
  ['Pacific/Kwajalein', '1993-08-21T12:00:00Z'], // skipped 21 August
  ['Africa/Casablanca', '2026-02-15T02:00:00Z'], // winter time in Ramadan
  ['Africa/Casablanca', '2026-03-22T02:00:00Z'],
  ['Antarctica/Troll', '2026-03-29T01:00:00Z'], // two hours
  ['America/Sao_Paulo', '2018-11-04T03:00:00Z'], // midnight itself was skipped
  ['Asia/Beirut', '2022-03-26T22:00:00Z'],
  ['America/Caracas', '2016-05-01T07:00:00Z'],
  ['Asia/Pyongyang', '2018-05-04T15:00:00Z'],
];

const quarter = fc
  .integer({ min: 0, max: 95 })
  .map((n) => `${String(Math.floor(n / 4)).padStart(2, '0')}:${String((n % 4) * 15).padStart(2, '0')}`);
const days = fc.subarray([...EVERY_DAY]);

describe('every window, compared with reading the wall clock minute by minute', () => {
  it('agrees around moves of the clock in zones with rules out of the ordinary', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...MOVES),
        fc.integer({ min: -36 * 60, max: 36 * 60 }),
        quarter,
        quarter,
        days,
        ([timezone, move], minutes, from, to, listed) => {
          agreesWithScan(windowOf(from, to, timezone, listed), at(move) + minutes * MINUTE);
        },
      ),
      { numRuns: 120 },
    );
  });

  it('agrees in any zone, at any time from 1970 to 2070', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Intl.supportedValuesOf('timeZone')),
        fc.integer({ min: 0, max: Math.floor(Date.UTC(2070, 0, 1) / MINUTE) }),
        quarter,
        quarter,
        days,
        (timezone, minute, from, to, listed) => {
          // Liberia's clocks were 44 minutes and 30 seconds behind until 1972: half minutes are not on the scan's grid.
          fc.pre(zoneOf(timezone).offsetAt(minute * MINUTE) % MINUTE === 0);
          agreesWithScan(windowOf(from, to, timezone, listed), minute * MINUTE);
        },
      ),
      { numRuns: 120 },
    );
  });
});
