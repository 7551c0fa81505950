import { describe, expect, it } from 'vitest';
import { SECOND } from '../../../reconciler/clock.ts';
import { restBetweenReads } from '../../../reconciler/git/pace.ts';

describe('how long a host leaves the remote alone', () => {
  it('is no time in a fleet that is not large', () => {
    expect(restBetweenReads(1)).toBe(0);
    expect(restBetweenReads(100)).toBe(0);
  });

  it.each([256, 1000, 10_000])(
    'keeps %d hosts together below the 15 reads a second that GitHub takes',
    (hosts) => {
      expect(hosts / (restBetweenReads(hosts) / SECOND)).toBeLessThanOrEqual(15);
    },
  );
});
