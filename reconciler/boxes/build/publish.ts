/**
 * Puts a change of the catalogue on a branch of its own in the infra repo, for people to merge: never on the one that hosts follow. A
 * branch of that name that another made, or that somebody has added to, is left as it is.
 */
import { git, gitRemote, isObjectId } from '../../git/git-command.ts';
import { parseRemoteRefs } from '../../git/remote-refs.ts';
import { REMOTE } from '../../git/repository.ts';
import { writeSignedCommit } from '../../git/signed-commit.ts';
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
  const there = await tipOf(gitDir, branch, signal);
  if (there === null) return;
  throw new BuildRefused(
    `the infra repo has a branch ${branch} already: merge or delete it, or name another version with --version`,
  );
}

/** Makes the commit, kept as long as this host's mirror names it so. Throws GitFailed. */
export async function commitChange({ gitDir, host, signingKey }: Publisher, change: Change): Promise<string> {
  const { parent, files, message, at } = change;
  const commit = await writeSignedCommit(gitDir, { parent, files, message, host, signingKey, at });
  await git(gitDir, ['update-ref', `refs/boxreeve/change/${change.branch}`, commit]);
  return commit;
}

/** Safe to repeat. Throws RemoteUnreachable, or BuildRefused if the branch is another's. */
export async function pushChange(
  { gitDir, signal }: Publisher,
  branch: string,
  commit: string,
): Promise<void> {
  if (!isObjectId(commit)) throw new Error(`${commit} is no commit`);
  const ref = `refs/heads/${branch}`;
  const there = await tipOf(gitDir, branch, signal);
  if (there === commit) return;
  if (there !== null)
    throw new BuildRefused(
      `the infra repo has another branch ${branch} (${there.slice(0, 7)}): it was left as it is. Merge or delete it, and run this again`,
    );
  await gitRemote(
    gitDir,
    // an empty lease: only where there is no such branch
    [
      'push',
      '--quiet',
      '--no-verify',
      '--no-signed',
      `--force-with-lease=${ref}:`,
      REMOTE,
      `${commit}:${ref}`,
    ],
    { signal },
  );
}

async function tipOf(gitDir: string, branch: string, signal: AbortSignal): Promise<string | null> {
  const ref = `refs/heads/${branch}`;
  const listed = await gitRemote(gitDir, ['ls-remote', '--refs', REMOTE, ref], { signal, timeout: 60_000 });
  return parseRemoteRefs(listed.toString('utf8')).get(ref) ?? null;
}
