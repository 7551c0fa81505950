/** Windows of several spans, by cron, and with dates on which they stay shut. */
import { describe, expect, it } from 'vitest';
import { HOUR } from '../../../reconciler/clock.ts';
import type { WindowSpec } from '../../../reconciler/desired/spec.ts';
import { followingOpening, windowLength, windowState } from '../../../reconciler/gate/window.ts';

const WORKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri'] as const;
const EVERY_DAY = [...WORKDAYS, 'sat', 'sun'] as const;

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
