import { describe, expect, it } from 'vitest';
import { failed, PASSED, parseTally, showTally, skipped, sum } from '../../runner/tally.ts';

describe('the tally of a test run', () => {
  it('adds up what each step came to, and keeps the reasons of what failed or was skipped', () => {
    const untested = { what: 'test/e2e/story.test.ts', why: 'no guests here' };
    const broken = { what: 'tsc', why: 'took longer than 5 minutes' };
    const total = sum([PASSED, failed(broken), PASSED, skipped(untested)]);
    expect(total).toEqual({ passed: 2, failed: [broken], skipped: [untested] });
    expect(showTally(total)).toBe('2 passed, 1 failed, 1 skipped');
  });

  it('is read back from the file that the reporter wrote', () => {
    const tally = { passed: 3, failed: [], skipped: [{ what: 'a test', why: 'a reason' }] };
    expect(parseTally(JSON.stringify(tally))).toEqual(tally);
  });

  it('still counts a failure that cannot be read, so that none is lost', () => {
    expect(parseTally('{"passed": 0, "failed": [7], "skipped": []}')?.failed).toHaveLength(1);
  });

  it.each(['', '{', 'null', '[]', '{"passed": 1}', '{"passed": "1", "failed": [], "skipped": []}'])(
    'is not made up from %j, so that a run cut short is no success',
    (text) => {
      expect(parseTally(text)).toBeNull();
    },
  );
});
