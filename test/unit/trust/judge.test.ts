import { describe, expect, it } from 'vitest';
import type { Authority } from '../../../reconciler/trust/authority.ts';
import { type JudgeInput, judge } from '../../../reconciler/trust/judge.ts';
import type { Candidate } from '../../../reconciler/trust/rights.ts';

const id = (number: number) => number.toString(16).padStart(40, '0');

/** Everyone named so has a key of that name. */
function authority(...names: readonly string[]): Authority {
  const limits = { namespaces: null, validAfter: null, validBefore: null, line: 1 };
  return {
    id: names.join(' '),
    requiresSignatures: true,
    signers: new Map(names.map((name) => [name, [{ principals: [name], key: name, ...limits }]])),
    openPgpKeys: [],
    rules: { forges: new Set(), rules: [] },
  };
}

function candidate(number: number, parents: readonly number[], by: string, message = ''): Candidate {
  return {
    commit: id(number),
    parents: parents.map(id),
    committedAt: number,
    message,
    proof: { state: 'signed', key: by },
    ownPaths: [],
  };
}

/** Commit 0 is the base; all say the same of trust. */
function input(commits: readonly Candidate[], revoked: readonly string[] = []): JudgeInput {
  const says = authority('ada', 'bo');
  return {
    base: id(0),
    commits,
    authorities: new Map([id(0), ...commits.map(({ commit }) => commit)].map((commit) => [commit, says])),
    baseAuthority: says,
    committedAt: new Map([[id(0), 0]]),
    revoked: new Set(revoked),
    now: Number.MAX_SAFE_INTEGER,
    newSince: null,
  };
}

describe('what a revoked key signed', () => {
  it('is refused, however many commits it signed one on the other', () => {
    const commits = Array.from({ length: 50_000 }, (_, index) => candidate(index + 1, [index], 'bo'));
    expect(judge(input(commits, ['bo']))).toMatchObject({ ok: false, commit: id(1) });
  });

  it('is approved by the merge that brings it to the branch', () => {
    const commits = [candidate(1, [0], 'bo'), candidate(2, [0], 'ada'), candidate(3, [2, 1], 'ada')];
    expect(judge(input(commits, ['bo']))).toEqual({ ok: true });
  });

  it('is not approved by one who merges the branch into his own, to be up to date', () => {
    // 1 went to the branch by itself; a branch of Ada's (2) takes it in (3), and is merged (4)
    const commits = [
      candidate(1, [0], 'bo'),
      candidate(2, [0], 'ada'),
      candidate(3, [2, 1], 'ada'),
      candidate(4, [1, 3], 'ada'),
    ];
    expect(judge(input(commits, ['bo']))).toMatchObject({ ok: false, commit: id(1) });
  });

  it('is approved by name, by a later commit alone', () => {
    const names = `x\n\nBoxreeve-Approves: ${id(2)}\n`;
    const before = [candidate(1, [0], 'ada', names), candidate(2, [1], 'bo'), candidate(3, [2], 'ada')];
    expect(judge(input(before, ['bo']))).toMatchObject({ ok: false, commit: id(2) });
    const after = [candidate(1, [0], 'ada'), candidate(2, [1], 'bo'), candidate(3, [2], 'ada', names)];
    expect(judge(input(after, ['bo']))).toEqual({ ok: true });
  });
});
