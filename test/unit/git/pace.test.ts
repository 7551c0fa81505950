import { describe, expect, it } from 'vitest';
import { DAY, HOUR, MINUTE, SECOND } from '../../../reconciler/clock.ts';
import { longestKeptBack, restBetweenReads } from '../../../reconciler/git/pace.ts';

describe('how long a host leaves the remote alone', () => {
  it('is no time in a fleet that is not large', () => {
    expect(restBetweenReads(1, true)).toBe(0);
    expect(restBetweenReads(100, false)).toBe(0);
  });

  it.each([256, 1000, 10_000])(
    'keeps %d hosts together below the 15 reads a second that GitHub takes',
    (hosts) => {
      expect(hosts / (restBetweenReads(hosts, false) / SECOND)).toBeLessThanOrEqual(15);
      expect((3 * hosts) / (restBetweenReads(hosts, true) / SECOND)).toBeLessThanOrEqual(15);
    },
  );
});

describe('how long a record may be kept back', () => {
  it('is no time where all hosts can push within a minute', () => {
    expect(longestKeptBack({ fleetSize: 60, pushesPerMinute: 60, checkInEvery: DAY })).toBe(0);
  });

  it('is what all hosts need to push once', () => {
    expect(longestKeptBack({ fleetSize: 600, pushesPerMinute: 6, checkInEvery: DAY })).toBe(100 * MINUTE);
  });

  it('leaves a host that is well seen to be so, however large the fleet', () => {
    expect(longestKeptBack({ fleetSize: 10_000, pushesPerMinute: 6, checkInEvery: DAY })).toBe(6 * HOUR);
  });
});
