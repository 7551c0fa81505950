/** What can be wrong with an account. The kinds are words of the documentation: `docs/explanation/audit-as-git-branches.md`. */

export type FindingKind =
  /** Not signed, or by a signature that proves nothing. */
  | 'bad-signature'
  /** Signed by a key that the watched branch never gave this host: another host's, or nobody's. */
  | 'wrong-key'
  /** Signed by a key of this host that a newer one had replaced. */
  | 'old-key'
  /** Signed by a key that was revoked, past the point up to which it is vouched for. */
  | 'revoked-key'
  /** Not the one file, in the one place and form, that a record is. */
  | 'malformed'
  /** Records are missing in between, or before the first. */
  | 'gap'
  /** Two records claim one number, or to follow on the same one. */
  | 'fork'
  /** The branch ends before what was seen of it. */
  | 'truncated'
  /** What was seen of the branch, or what a record follows on, is not in it any more: something else is. */
  | 'rewritten'
  /** Went by a commit that is not in the history of the watched branch. */
  | 'unknown-commit'
  /** A guest is not what the record before says it was, and no record says who changed it. */
  | 'unrecorded-change'
  /** A time that cannot be. */
  | 'clock'
  /** The archive cannot be gone by. */
  | 'bad-archive';

export type Finding = {
  readonly kind: FindingKind;
  /** Whose branch. */
  readonly host: string;
  /** The commit it is about; null for a branch as a whole. */
  readonly commit: string | null;
  /** What it means, in a sentence that goes on after the commit. */
  readonly problem: string;
};

/** Of a commit that is being judged: whose and which it is, is known to the caller. */
export type Problem = Pick<Finding, 'kind' | 'problem'>;

/** How far the clocks of two machines may be apart, and one be set back. Milliseconds. */
export const CLOCK_TOLERANCE = 10 * 60_000;

/** A commit in a sentence. */
export function short(commit: string): string {
  return commit.slice(0, 12);
}
