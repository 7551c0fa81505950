import { Temporal } from 'temporal-polyfill';
import { describe, expect, it } from 'vitest';
import { isZone, zoneOf } from '../../../reconciler/gate/zone.ts';

const FROM = Date.UTC(1970, 0, 1);
const TO = Date.UTC(2070, 0, 1);
const SECOND = 1000;

/** Every change of a zone's offset in a century, as Temporal's reference implementation finds them. */
function* changes(
  name: string,
): Generator<{ readonly at: number; readonly before: number; readonly after: number }> {
  let time = Temporal.Instant.fromEpochMilliseconds(FROM).toZonedDateTimeISO(name);
  for (;;) {
    const next = time.getTimeZoneTransition('next');
    if (next === null || next.epochMilliseconds >= TO) return;
    const before = next.subtract({ nanoseconds: 1 }).offsetNanoseconds / 1e6;
    yield { at: next.epochMilliseconds, before, after: next.offsetNanoseconds / 1e6 };
    time = next;
  }
}

describe('the local time of a zone', () => {
  it('changes at the instants at which Temporal says it does, in every zone, for a century', () => {
    let count = 0;
    for (const name of Intl.supportedValuesOf('timeZone')) {
      const zone = zoneOf(name);
      for (const { at, before, after } of changes(name)) {
        count += 1;
        const where = `${name} at ${new Date(at).toISOString()}`;
        expect([zone.offsetAt(at - SECOND), zone.offsetAt(at)], where).toEqual([before, after]);
        if (before !== after) expect(zone.firstChange(at - 7 * SECOND, at + 11 * SECOND), where).toBe(at);
      }
    }
    expect(count).toBeGreaterThan(10_000);
  });

  it('is known to the second for the local mean times of long ago', () => {
    expect(zoneOf('Africa/Monrovia').offsetAt(Date.UTC(1971, 0, 1))).toBe(-(44 * 60 + 30) * SECOND);
  });

  it('does not change where nothing changes', () => {
    expect(zoneOf('UTC').firstChange(FROM, FROM + 400 * 86_400 * SECOND)).toBeNull();
    expect(zoneOf('Europe/Zurich').firstChange(Date.UTC(2026, 5, 1), Date.UTC(2026, 8, 1))).toBeNull();
  });

  it('exists for zones that exist', () => {
    expect([isZone('Europe/Zurich'), isZone('Europe/Zuerich'), isZone('')]).toEqual([true, false, false]);
  });
});
