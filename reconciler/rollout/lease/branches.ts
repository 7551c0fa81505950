/** The branches `boxreeve/lease-<n>` as they come from the remote: for the host that takes them, and for people who look. */
import { LEASE_BRANCHES } from '../../git/agreed-branches.ts';
import type { GitOptions } from '../../git/git-command.ts';
import { fetchState } from '../../git/state-branch.ts';
import { topFile } from '../../git/top-file.ts';

/** Where they lie in the mirror, by their number. */
export const LEASES = 'refs/boxreeve/leases/';
/** Where those lie that are in the infra repo still, while the fleet has its own elsewhere. */
export const LEFT_LEASES = 'refs/boxreeve/leases-left/';
/** The one file of their commits. */
export const FILE = 'lease.json';
/** A slot says little; what is larger was not written by a host. Bytes. */
const LARGEST = 64 * 1024;

/** All of them. Throws RemoteUnreachable. */
export async function fetchLeases(
  gitDir: string,
  remote: string,
  options: Pick<GitOptions, 'signal' | 'timeout'>,
  into = LEASES,
): Promise<void> {
  await fetchState(gitDir, remote, `+${LEASE_BRANCHES}*:${into}*`, options);
}

/** What a commit says; null: it has no such file, or one that no host wrote. */
export async function leaseFile(gitDir: string, commit: string): Promise<Buffer | null> {
  return topFile(gitDir, commit, { name: FILE, largest: LARGEST, alone: false });
}
