/** Puts a change of the catalogue on a branch of its own in the infra repo (git/proposal.ts). */
import { commitProposal, proposedTip, pushProposal } from '../../git/proposal.ts';
import { BuildRefused } from './workshop.ts';

export type Change = {
  readonly branch: string;
  /** The commit it is laid over. */
  readonly parent: string;
  /** Content by path in the repository. */
  readonly files: ReadonlyMap<string, Buffer>;
  readonly message: string;
  /** Ms since the epoch. */
  readonly at: number;
};

export type Publisher = {
  readonly gitDir: string;
  readonly host: string;
  readonly signingKey: string;
  readonly signal: AbortSignal;
};

/** `boxreeve/box-<box>-<version>`; with `-` for the slash in a box's name, so that no branch lies below another. */
export function branchFor(box: string, version: string): string {
  return `boxreeve/box-${box.replaceAll('/', '-')}-${version}`;
}

/** Throws BuildRefused if there is a branch of that name: found out before hours are spent on it. */
export async function assertFree({ gitDir, signal }: Publisher, branch: string): Promise<void> {
  const there = await proposedTip(gitDir, branch, signal);
  if (there === null) return;
  throw new BuildRefused(
    `the infra repo has a branch ${branch} already: merge or delete it, or name another version with --version`,
  );
}

/** Makes the commit, kept as long as this host's mirror names it so. Throws GitFailed. */
export async function commitChange({ gitDir, host, signingKey }: Publisher, change: Change): Promise<string> {
  const { branch, ...draft } = change;
  return commitProposal(gitDir, branch, { ...draft, host, signingKey });
}

/** Safe to repeat. Throws RemoteUnreachable, or BuildRefused if the branch is another's. */
export async function pushChange(
  { gitDir, signal }: Publisher,
  branch: string,
  commit: string,
): Promise<void> {
  const there = await pushProposal(gitDir, branch, commit, signal);
  if (there !== commit)
    throw new BuildRefused(
      `the infra repo has another branch ${branch} (${there.slice(0, 7)}): it was left as it is. Merge or delete it, and run this again`,
    );
}
