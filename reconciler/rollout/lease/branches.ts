/** The branches `boxreeve/lease-<n>` as they come from the remote: for the host that takes them, and for people who look. */
import { type GitOptions, git, gitRemote, lines } from '../../git/git-command.ts';

export const BRANCHES = 'refs/heads/boxreeve/lease-';
/** Where they lie in the mirror, by their number. */
export const LEASES = 'refs/boxreeve/leases/';
/** The one file of their commits. */
export const FILE = 'lease.json';
/** A slot says little; what is larger was not written by a host. Bytes. */
const LARGEST = 64 * 1024;

/**
 * By one fetch, which brings what is new and asks for these branches alone, where `ls-remote` would be told of all that there are. Throws
 * RemoteUnreachable.
 */
export async function fetchLeases(
  gitDir: string,
  remote: string,
  options: Pick<GitOptions, 'signal' | 'timeout'>,
): Promise<void> {
  const quiet = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', '--no-filter'];
  await gitRemote(gitDir, ['fetch', ...quiet, '--prune', remote, `+${BRANCHES}*:${LEASES}*`], options);
}

/** What a commit says; null: it has no such file, or one that no host wrote. */
export async function leaseFile(gitDir: string, commit: string): Promise<Buffer | null> {
  const [entry = ''] = lines(await git(gitDir, ['ls-tree', '-l', '--full-tree', commit, '--', FILE]));
  const [, blob, size] = /^100644 blob ([0-9a-f]+) +(\d+)\t/.exec(entry) ?? [];
  if (blob === undefined || Number(size) > LARGEST) return null;
  return git(gitDir, ['cat-file', 'blob', blob]);
}
