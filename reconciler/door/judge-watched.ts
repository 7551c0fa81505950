/**
 * Whether the branch that hosts follow may be moved so (docs/explanation/at-the-door.md, rule 2). Pure.
 */
import type { Complaint, UntrustedCommit } from '../errors.ts';
import type { RefChange } from './push.ts';
import type { Reason } from './reason.ts';

export type WatchedFacts = {
  readonly change: RefChange;
  /** The host that pushes; null: no host, or the server does not say. */
  readonly pusher: string | null;
  /** Whether the new tip has the old one in its history. */
  readonly descends: boolean;
  /** The first commit that no host would follow, as hosts judge it; null: none. */
  readonly untrusted: UntrustedCommit | null;
  /** Mistakes in the desired state of the new tip. */
  readonly complaints: readonly Complaint[];
};

export function judgeWatched({
  change,
  pusher,
  descends,
  untrusted,
  complaints,
}: WatchedFacts): readonly Reason[] {
  const { ref, from, to } = change;
  const about = { kind: 'untrusted', ref, commit: to, place: null } as const;
  const reasons: Reason[] = [];
  if (pusher !== null) {
    const problem = `the host ${pusher} pushes to the branch that hosts follow: a host writes its own account and nothing else`;
    reasons.push({ ...about, problem, advice: 'Push it as a person, with a key of your own.' });
  }
  if (to === null) {
    const problem = 'hosts follow this branch: it is never deleted';
    return [
      ...reasons,
      { ...about, problem, advice: 'Leave it; a change is taken back by a commit that reverts it.' },
    ];
  }
  if (!descends) {
    const problem = `${short(to)} does not go on from ${short(from)}, where the branch is: no host follows a branch that was rewound or rewritten`;
    const advice = 'Fetch it, put your commits on top of it, and push without --force.';
    reasons.push({ ...about, problem, advice });
  }
  if (untrusted !== null) {
    const advice = `git rebase --exec 'git commit --amend --no-edit --gpg-sign' ${short(from)} signs your own commits anew.`;
    reasons.push({ ...about, commit: untrusted.commit, problem: untrusted.message, advice });
  }
  for (const { place, message } of complaints) {
    const advice = 'boxreeve validate says the same of a checkout, before it is pushed.';
    reasons.push({ ...about, kind: 'invalid', place, problem: message, advice });
  }
  return reasons;
}

function short(commit: string | null): string {
  return commit === null ? 'nothing' : commit.slice(0, 7);
}
