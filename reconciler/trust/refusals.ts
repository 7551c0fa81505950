/** Why a commit is not followed, in words, and what to do about it. Pure. */
import { UntrustedCommit } from '../errors.ts';

export function tooMany(
  tip: string,
  base: string,
  what: string,
  count: number,
  most: number,
): UntrustedCommit {
  return new UntrustedCommit(
    tip,
    `${tip.slice(0, 7)} brings ${count} ${what} at once, and the most is ${most}. If they are right, have host.yaml name a ` +
      `firstCommit among them on a host that begins, or bring them in portions (this host goes by ${base.slice(0, 7)}).`,
  );
}

export function untrusted(path: string, commit: string, why: string): UntrustedCommit {
  return new UntrustedCommit(
    commit,
    `commit ${commit.slice(0, 7)} ${why}; ${path}/trust says who may sign what`,
  );
}

export function rewritten(tip: string, applied: string): UntrustedCommit {
  return new UntrustedCommit(
    tip,
    `the branch was rewound or rewritten: ${applied.slice(0, 7)}, which this host goes by, is not in the history of ` +
      `${tip.slice(0, 7)}. The host stays where it is until the branch contains ${applied.slice(0, 7)} again.`,
  );
}

export function notFromPin(tip: string, pin: string): UntrustedCommit {
  return new UntrustedCommit(
    tip,
    `${pin.slice(0, 7)}, which host.yaml names as firstCommit, is not in the history of ${tip.slice(0, 7)}: this is not the infra ` +
      'repo it is about, or its branch was rewound or rewritten. Nothing is followed; look at repo, branch and firstCommit.',
  );
}

export function believedNoMore(commit: string): UntrustedCommit {
  return new UntrustedCommit(
    commit,
    `commit ${commit.slice(0, 7)}, which this host went by, is signed by a key that host.yaml says is revoked: nothing of it is followed. ` +
      `Have an approver put a commit on the branch with the line "Boxreeve-Approves: ${commit}", or take the branch back to before it.`,
  );
}

export function notByPinnedKey(tip: string): UntrustedCommit {
  return new UntrustedCommit(
    tip,
    `no commit on the branch is signed by the key that host.yaml names as firstKey (looked from ${tip.slice(0, 7)} back): this is not ` +
      'the infra repo it is about, or its branch was rewritten. Nothing is followed; look at repo, branch and firstKey.',
  );
}
