/** What the rest of Boxreeve asks of Git. */
import type { DesiredTree } from '../desired/tree.ts';

/** Who made a commit, and what it says: for the record. */
export type CommitInfo = {
  readonly commit: string;
  readonly subject: string;
  /** `Name <address>`. */
  readonly author: string;
  readonly authoredAt: string;
  /** Principal whose signature was checked and found good; null if there is none. */
  readonly signedBy: string | null;
  /** From a subject such as `… (#13061)` or `Merge pull request #13061 …`. */
  readonly pullRequest: number | null;
};

/** The host's bare mirror of the infra repo. */
export interface GitMirror {
  /**
   * Asks the remote for the tip of the watched branch, fetches only if it moved, and returns its commit.
   * Throws RemoteUnreachable (also when the branch is missing).
   */
  fetch(signal?: AbortSignal): Promise<string>;
  /** Sees where the other branches are, unless the last fetch did. Throws RemoteUnreachable. */
  listBranches(signal?: AbortSignal): Promise<void>;
  /** The tip as of the last successful fetch, without touching the network; null before the first. */
  lastTip(): Promise<string | null>;
  /** Id of the tree at the desired-state path of a commit: equal ids, equal desired state. null if it has none. */
  desiredTreeId(commit: string): Promise<string | null>;
  tree(commit: string): DesiredTree;
  blob(oid: string): Promise<Buffer>;
  describe(commit: string): Promise<CommitInfo>;
  /** When it says it was committed, ms since the epoch. */
  committedAt(commit: string): Promise<number>;
  isAncestor(ancestor: string, descendant: string): Promise<boolean>;
  /** Lines changed in each file below a folder between two commits, by path relative to the folder. */
  lineChanges(from: string, to: string, folder: string): Promise<Readonly<Record<string, number>>>;
  /** Keeps a commit from being collected for as long as it is named so (`refs/boxreeve/keep/<name>`). */
  keep(name: string, commit: string): Promise<void>;
}

/**
 * Whether `tip` may follow `applied` (null at first contact): a descendant, and, if desired state asks for it, every
 * commit between signed by someone the commit before it trusts (trust/trust.ts). `tip` may be `applied` itself, which may have lost
 * trust since. Throws UntrustedCommit with the reason.
 */
export interface TrustCheck {
  /** @param newSince ms since the epoch before which the branch is known not to have had what is new in `tip`; null: not known */
  check(tip: string, applied: string | null, newSince?: number | null): Promise<void>;
}
