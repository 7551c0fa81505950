import { describe, expect, it } from 'vitest';
import { parseCommit, pullRequestOf } from '../../../reconciler/git/commit-info.ts';

const ID = 'a'.repeat(40);

/** One commit as Git prints it in COMMIT_FORMAT. */
function printed(verdict: string, signer: string, subject: string, time = '2026-11-23T13:00:00+01:00') {
  return `${[ID, 'Ada <ada@example.org>', time, verdict, signer, subject].join('\0')}\n`;
}

describe('the number of a pull request', () => {
  it.each([
    ['ci: bump Nix on macOS nodes (#13061)', 13061],
    ['Bump (#1) again (#22)', 22],
    ['Trailing space (#5) ', 5],
    ['Merge pull request #42 from someone/branch', 42],
    ['Merged PR 7: Bump the box', 7],
    ["Merge branch 'x' into 'main' (!99)", 99],
  ])('of %j is %i', (subject, number) => {
    expect(pullRequestOf(subject)).toBe(number);
  });

  it.each([
    ['Fix #12 at last'],
    ['Undo (#12) for now'],
    ['Revert "Merge pull request #42 from x"'],
    ['Count (#)'],
    ['Too large a number (#1234567890)'],
    [''],
  ])('of %j is none', (subject) => {
    expect(pullRequestOf(subject)).toBe(null);
  });
});

describe('a commit', () => {
  it('says who wrote it, when in UTC, and what', () => {
    expect(parseCommit(printed('N', '', 'Bump the box (#7)'))).toEqual({
      commit: ID,
      subject: 'Bump the box (#7)',
      author: 'Ada <ada@example.org>',
      authoredAt: '2026-11-23T12:00:00.000Z',
      signedBy: null,
      pullRequest: 7,
    });
  });

  it('names who signed it only if Git knows the key', () => {
    expect(parseCommit(printed('G', 'ada@example.org', 's'))).toMatchObject({ signedBy: 'ada@example.org' });
    for (const verdict of ['U', 'B', 'X', 'Y', 'R', 'E', 'N'])
      expect(parseCommit(printed(verdict, 'ada@example.org', 's'))).toMatchObject({ signedBy: null });
    expect(parseCommit(printed('G', '', 's'))).toMatchObject({ signedBy: null });
  });

  it.each(['', '10000-01-01T00:00:00+00:00', 'yesterday', '+275760-09-13T00:00:00+00:00'])(
    'whose author gave it the date %j has one all the same',
    (date) => {
      expect(parseCommit(printed('N', '', 's', date))?.authoredAt).toBe('1970-01-01T00:00:00.000Z');
    },
  );

  it('may have an empty subject', () => {
    expect(parseCommit(printed('N', '', ''))).toMatchObject({ subject: '', pullRequest: null });
  });

  it('is none if Git printed something else', () => {
    expect(parseCommit('')).toBe(null);
    expect(parseCommit('fatal: bad object\n')).toBe(null);
  });
});
