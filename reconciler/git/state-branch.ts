/** A branch that says one thing: a commit without a parent and with one file, replaced by compare-and-swap. Hosts agree by such. */
import { RemoteUnreachable } from '../errors.ts';
import { type GitOptions, gitRemote } from './git-command.ts';
import { remoteTip } from './remote-tip.ts';
import { writeSignedCommit } from './signed-commit.ts';

export type StateBranchParts = {
  /** The host's mirror. */
  readonly gitDir: string;
  /** Name of the remote that hosts push to. */
  readonly remote: () => string;
  readonly host: string;
  /** Private key, absolute path. */
  readonly signingKey: string;
  /** ms since the epoch. */
  readonly now: () => number;
};

export type StateDraft = {
  /** Name of its one file. */
  readonly file: string;
  readonly bytes: Buffer;
  /** Subject of the commit, without the host's name. */
  readonly subject: string;
};

/** What is agreed by a branch is not worth waiting for long, ms: the next poll asks again. */
export const STATE_LIMIT = 60_000;

/**
 * Brings branches from the remote, by one fetch, which brings what is new and asks for these branches alone, where `ls-remote` would be
 * told of all that there are. One that is gone there is gone here afterwards. Throws RemoteUnreachable.
 *
 * @param refspec of ours
 */
export async function fetchState(
  gitDir: string,
  remote: string,
  refspec: string,
  options: Pick<GitOptions, 'signal' | 'timeout'>,
): Promise<void> {
  const quiet = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', '--no-filter'];
  await gitRemote(gitDir, ['fetch', ...quiet, '--prune', remote, refspec], options);
}

/**
 * Puts a new commit in the place of `expected` (null: of nothing). Returns its id, or null if something else stood there. Throws
 * RemoteUnreachable if it was not done, or nobody can tell.
 *
 * @param branch its full name, of ours
 */
export async function swapState(
  parts: StateBranchParts,
  branch: string,
  expected: string | null,
  draft: StateDraft,
): Promise<string | null> {
  const { gitDir, remote } = parts;
  const commit = await write(parts, draft);
  const lease = `--force-with-lease=${branch}:${expected ?? ''}`;
  const push = ['push', '--quiet', '--no-verify', '--no-signed', lease, remote(), `${commit}:${branch}`];
  for (let attempt = 1; ; attempt += 1) {
    try {
      await gitRemote(gitDir, push, { timeout: STATE_LIMIT });
      return commit;
    } catch (error) {
      if (!(error instanceof RemoteUnreachable)) throw error;
      // the answer may have been lost, and not the push
      const now = await remoteTip(gitDir, remote(), branch, { timeout: STATE_LIMIT });
      if (now === commit) return commit;
      if (now !== expected) return null;
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

/** How often something is tried that was lost on the way. */
const ATTEMPTS = 2;

async function write(
  { gitDir, host, signingKey, now }: StateBranchParts,
  { file, bytes, subject }: StateDraft,
): Promise<string> {
  return writeSignedCommit(gitDir, {
    parent: null,
    files: new Map([[file, bytes]]),
    message: `${host}: ${subject}\n`,
    host,
    signingKey,
    at: now(),
  });
}
