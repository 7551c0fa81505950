import { describe, expect, it } from 'vitest';
import { FAILED, NOTHING, PASSED, parseTally, showTally, sum } from '../../runner/tally.ts';

describe('the tally of a test run', () => {
  it('adds up what each step came to, and keeps the reasons of what was skipped', () => {
    const skipped = { what: 'test/e2e/story.test.ts', why: 'no guests here' };
    const total = sum([PASSED, FAILED, PASSED, { ...NOTHING, skipped: [skipped] }]);
    expect(total).toEqual({ passed: 2, failed: 1, skipped: [skipped] });
    expect(showTally(total)).toBe('2 passed, 1 failed, 1 skipped');
  });

  it('is read back from the file that the reporter wrote', () => {
    const tally = { passed: 3, failed: 0, skipped: [{ what: 'a test', why: 'a reason' }] };
    expect(parseTally(JSON.stringify(tally))).toEqual(tally);
  });

  it.each(['', '{', 'null', '[]', '{"passed": 1}', '{"passed": "1", "failed": 0, "skipped": []}'])(
    'is not made up from %j, so that a run cut short is no success',
    (text) => {
      expect(parseTally(text)).toBeNull();
    },
  );
});
