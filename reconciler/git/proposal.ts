/**
 * A change on a branch of its own in the infra repo, for people to merge: never on the one that hosts follow. A branch of that name
 * that another made, or that somebody has added to, is left as it is.
 */
import { git, gitRemote, isObjectId } from './git-command.ts';
import { remoteTip } from './remote-tip.ts';
import { REMOTE } from './repository.ts';
import { type CommitDraft, writeSignedCommit } from './signed-commit.ts';

/** Where the branch is on the remote; null: there is none. Throws RemoteUnreachable. */
export async function proposedTip(
  gitDir: string,
  branch: string,
  signal?: AbortSignal,
): Promise<string | null> {
  return remoteTip(gitDir, REMOTE, `refs/heads/${branch}`, { signal, timeout: 60_000 });
}

/** Makes the commit, kept as long as this host's mirror names it so. Throws GitFailed. */
export async function commitProposal(gitDir: string, branch: string, draft: CommitDraft): Promise<string> {
  const commit = await writeSignedCommit(gitDir, draft);
  await git(gitDir, ['update-ref', `refs/boxreeve/change/${branch}`, commit]);
  return commit;
}

/** Safe to repeat. The commit that is there afterwards: another one if the branch is another's. Throws RemoteUnreachable. */
export async function pushProposal(
  gitDir: string,
  branch: string,
  commit: string,
  signal?: AbortSignal,
): Promise<string> {
  if (!isObjectId(commit)) throw new Error(`${commit} is no commit`);
  const there = await proposedTip(gitDir, branch, signal);
  if (there !== null) return there;
  const ref = `refs/heads/${branch}`;
  // an empty lease: only where there is no such branch
  const how = ['--quiet', '--no-verify', '--no-signed', `--force-with-lease=${ref}:`];
  await gitRemote(gitDir, ['push', ...how, REMOTE, `${commit}:${ref}`], { signal });
  return commit;
}
