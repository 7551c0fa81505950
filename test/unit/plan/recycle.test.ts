import { describe, expect, it } from 'vitest';
import { DAY, HOUR, MINUTE } from '../../../reconciler/clock.ts';
import type { WindowSpec } from '../../../reconciler/desired/spec.ts';
import { windowState } from '../../../reconciler/gate/window.ts';
import { recycleDue } from '../../../reconciler/plan/recycle.ts';
import { NIGHTLY } from './builders.ts';

const BUILD = 8 * MINUTE;

/** Lives through the days a minute at a time, and recycles whenever it is due and `lets` allows; instants of each recycle. */
function live(facts: {
  place?: number;
  window: WindowSpec | null;
  every: number;
  from: string;
  days: number;
  builtAt?: string;
  lets?: (now: number) => boolean;
}): number[] {
  const start = Date.parse(facts.from);
  let builtAt = Date.parse(facts.builtAt ?? facts.from);
  const recycled: number[] = [];
  for (let now = start; now < start + facts.days * DAY; now += MINUTE) {
    const due = recycleDue({
      place: facts.place ?? 0.4,
      window: facts.window,
      every: facts.every,
      builtAt,
      now,
    });
    if (!due || facts.lets?.(now) === false) continue;
    recycled.push(now);
    builtAt = now + BUILD;
    now = builtAt;
  }
  return recycled;
}

const minuteOfDay = (instant: number) => Math.floor((instant % DAY) / MINUTE);

describe('a recycle every day', () => {
  const daily = {
    window: NIGHTLY,
    every: DAY,
    from: '2026-01-10T12:00:00Z',
    builtAt: '2026-01-09T20:00:00Z',
  };

  it('happens once a night, always at the same minute', () => {
    const recycled = live({ ...daily, days: 10 });
    expect(recycled).toHaveLength(10);
    expect(new Set(recycled.map(minuteOfDay)).size).toBe(1);
    for (const instant of recycled) expect(windowState(NIGHTLY, instant).open).toBe(true);
  });

  it('happens at another minute on each host, spread over the first three quarters of the window', () => {
    const minutes = Array.from({ length: 8 }, (_, index) => {
      const [first = 0] = live({ ...daily, place: index / 8, days: 1 });
      return (first - Date.parse('2026-01-10T19:00:00Z')) / MINUTE;
    });
    // 405 minutes for 8 hosts: each is done before the next begins, wherever its build ends
    expect(minutes).toEqual([0, 51, 102, 152, 203, 254, 304, 355]);
  });

  it('missed for two nights is made up in the third, once', () => {
    const recycled = live({ ...daily, days: 6, lets: (now) => now > Date.parse('2026-01-12T12:00:00Z') });
    expect(recycled).toHaveLength(4);
    expect(new Set(recycled.map(minuteOfDay)).size).toBe(1);
  });

  it('held until late in one night is on time in the next', () => {
    const late = Date.parse('2026-01-11T03:55:00Z');
    const [first = 0, second = 0] = live({ ...daily, days: 2, lets: (now) => now >= late });
    expect(first).toBe(late);
    const [onTime = 0] = live({ ...daily, days: 1 });
    expect(minuteOfDay(second)).toBe(minuteOfDay(onTime));
    expect(second - first).toBeLessThan(DAY);
  });

  it('is not due after a build for another reason, not in that night nor after one in the afternoon before', () => {
    expect(
      live({ ...daily, builtAt: '2026-01-10T19:00:00Z', from: '2026-01-10T19:00:00Z', days: 0.4 }),
    ).toEqual([]);
    expect(
      live({ ...daily, builtAt: '2026-01-10T15:00:00Z', from: '2026-01-10T15:00:00Z', days: 0.6 }),
    ).toEqual([]);
  });

  it('is never due right after a build', () => {
    for (let hour = 0; hour < 48; hour += 1) {
      const builtAt = Date.parse('2026-01-10T00:00:00Z') + hour * HOUR;
      const asked = { place: 0.4, window: NIGHTLY, every: DAY, builtAt };
      expect(recycleDue({ ...asked, now: builtAt })).toBe(false);
      expect(recycleDue({ ...asked, now: builtAt + 5 * HOUR })).toBe(false);
    }
  });

  it('is not due outside the window, however old the guest', () => {
    const asked = { place: 0.4, window: NIGHTLY, every: DAY, builtAt: 0 };
    expect(recycleDue({ ...asked, now: Date.parse('2026-01-10T12:00:00Z') })).toBe(false);
  });

  it('is kept over the days on which clocks are moved', () => {
    expect(live({ ...daily, from: '2026-03-25T12:00:00Z', days: 7 })).toHaveLength(7);
    expect(live({ ...daily, from: '2026-10-21T12:00:00Z', days: 7 })).toHaveLength(7);
  });
});

describe('a recycle at other intervals', () => {
  it('every week happens on the same night of each week', () => {
    const recycled = live({ window: NIGHTLY, every: 7 * DAY, from: '2026-01-10T12:00:00Z', days: 29 });
    expect(recycled).toHaveLength(4);
    expect(new Set(recycled.map((instant, index) => instant - index * 7 * DAY)).size).toBe(1);
  });

  it('every two hours recurs within the window, and not outside it', () => {
    const recycled = live({ window: NIGHTLY, every: 2 * HOUR, from: '2026-01-10T12:00:00Z', days: 1 });
    expect(recycled.length).toBeGreaterThanOrEqual(4);
    expect(recycled.length).toBeLessThanOrEqual(5);
    for (const instant of recycled) expect(windowState(NIGHTLY, instant).open).toBe(true);
  });

  it('with no window happens at the own minute of each stretch', () => {
    const recycled = live({ window: null, every: DAY, from: '2026-01-10T12:00:00Z', days: 10 });
    expect(recycled.length).toBeGreaterThanOrEqual(9);
    expect(new Set(recycled.map(minuteOfDay)).size).toBe(1);
  });

  it('of null never happens', () => {
    expect(recycleDue({ place: 0.4, window: null, every: null, builtAt: 0, now: Date.now() })).toBe(false);
  });
});
