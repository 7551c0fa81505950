/** Times as people write them in desired state: cron expressions, dates, zones. */
import { describe, expect, it } from 'vitest';
import { DAY } from '../../reconciler/clock.ts';
import { parseCron } from '../../reconciler/gate/cron.ts';
import { parseDays } from '../../reconciler/gate/dates.ts';
import { isZone, zoneOf } from '../../reconciler/gate/zone.ts';
import { holds } from './holds.ts';
import { damagedText } from './mutate.ts';

/** What a RangeError is thrown for is told to the author of the file. */
function read<T>(parse: (text: string) => T, text: string): T | undefined {
  try {
    return parse(text);
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError);
    return undefined;
  }
}

describe('a cron expression', () => {
  it('names times within a day, in order and each once, or is refused', async () => {
    await holds(
      damagedText(['0 22 * * *', '*/15 0-6 1,15 jan-mar mon', '5 4 29 2 *', '0 0 31 1-12/2 sun']),
      (text) => {
        const cron = read(parseCron, text);
        if (cron === undefined) return;
        expect(cron.times.length).toBeGreaterThan(0);
        expect(cron.times.length).toBeLessThanOrEqual(24 * 60);
        for (const [at, time] of cron.times.entries()) {
          expect(Number.isInteger(time) && time >= 0 && time < DAY).toBe(true);
          expect(time).toBeGreaterThan(cron.times[at - 1] ?? -1);
        }
        expect(typeof cron.onDay(20_000)).toBe('boolean');
      },
    );
  });
});

describe('a day or a range of days', () => {
  it('is two whole days in order, or refused', async () => {
    await holds(damagedText(['2026-12-24', '2026-12-24/2027-01-02', '2024-02-29']), (text) => {
      const days = read(parseDays, text);
      if (days === undefined) return;
      expect(Number.isInteger(days.first) && Number.isInteger(days.last)).toBe(true);
      expect(days.first).toBeLessThanOrEqual(days.last);
      expect(text).toMatch(/^[0-9/-]{10,21}$/);
    });
  });
});

describe('a time zone', () => {
  it('has an offset of less than a day, or is none', async () => {
    await holds(damagedText(['Europe/Zurich', 'UTC', 'Asia/Kolkata', 'Etc/GMT+12', '+05:30']), (name) => {
      if (!isZone(name)) return;
      expect(Math.abs(zoneOf(name).offsetAt(Date.UTC(2026, 6, 1)))).toBeLessThan(DAY);
    });
  });
});
