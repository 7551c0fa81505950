import { describe, expect, it } from 'vitest';
import { judgeLink, type Standing } from '../../../reconciler/audit/judge-link.ts';
import type { Link } from '../../../reconciler/audit/read-links.ts';
import { someDraft } from './account-lab.ts';

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const TIME = '2026-05-04T12:00:00.000Z';

const BEFORE: Standing = {
  commit: 'a'.repeat(40),
  sequence: 4,
  digest: digest('4'),
  previous: digest('3'),
  time: TIME,
  fingerprints: {},
  newestKey: null,
};

function link(sequence: number, previous: string | null, time = TIME): Link {
  const draft = someDraft('d'.repeat(40), { time });
  const record = {
    apiVersion: 'boxreeve/v1' as const,
    host: 'builder1',
    sequence,
    previous,
    ...draft,
    witness: {},
  };
  return {
    commit: 'b'.repeat(40),
    parents: [BEFORE.commit],
    signature: { kind: 'none' },
    content: { ok: true, record, digest: digest('5') },
  };
}

function kinds(of: Link, before: Standing | null = BEFORE, skipped = 0): readonly string[] {
  return judgeLink(of, before, skipped).map(({ kind, problem }) => `${kind}: ${problem}`);
}

describe('a record against the one before it', () => {
  it('is in order with the next number and the digest of that one', () => {
    expect(kinds(link(5, digest('4')))).toEqual([]);
    expect(kinds(link(1, null), null)).toEqual([]);
  });

  it('leaves a gap where numbers are missing, before the first too', () => {
    expect(kinds(link(6, digest('5')))).toEqual([
      'gap: has number 6 where 5 is due: a record is missing before it',
    ]);
    expect(kinds(link(8, digest('7')))).toEqual([
      'gap: has number 8 where 5 is due: 3 records are missing before it',
    ]);
    expect(kinds(link(3, digest('2')), null)).toEqual([
      'gap: has number 3 where 1 is due: 2 records are missing before it',
    ]);
    expect(kinds(link(1, digest('0')), null)).toEqual([
      'gap: is the first, and follows on a record that is not there',
    ]);
  });

  it('forks where a number, or a place after a record, is taken twice', () => {
    expect(kinds(link(4, digest('3')))).toEqual([
      'fork: has number 4 where 5 is due: two records claim one number',
    ]);
    expect(kinds(link(5, digest('3')))).toEqual([
      'fork: follows on the same record as aaaaaaaaaaaa before it: two records claim one place',
    ]);
  });

  it('shows that the one before it was rewritten where it carries the digest of another', () => {
    expect(kinds(link(5, digest('9')))).toEqual([
      'rewritten: does not carry the digest of the record before it: aaaaaaaaaaaa is not what it followed on',
    ]);
  });

  it('may leave out the number of a commit in between that cannot be read, and no more', () => {
    expect(kinds(link(6, digest('5')), BEFORE, 1)).toEqual([]);
    expect(kinds(link(5, digest('4')), BEFORE, 1)).toEqual([]);
    expect(kinds(link(7, digest('6')), BEFORE, 1)).toHaveLength(1);
  });

  it('may be set back by as much as clocks are, and no more', () => {
    expect(kinds(link(5, digest('4'), '2026-05-04T11:50:00.000Z'))).toEqual([]);
    expect(kinds(link(5, digest('4'), '2026-05-04T11:49:59.999Z'))).toEqual([
      expect.stringMatching(/^clock: is dated .* before the record it follows on/),
    ]);
  });
});
