/** The last records of one host, oldest first, and none before them: for who wants to hear of each. */
import { git, lines } from '../git/git-command.ts';
import { openRepository } from '../git/repository.ts';
import { openObjectReader } from '../git/stream-git.ts';
import { fetchBlobs, fetchShallow, type NewestRecord, nameBlobs, REFS, readEach } from './newest-records.ts';
import { LARGEST_RECORD } from './parse-record.ts';

export type Recent = {
  readonly host: string;
  readonly branch: string;
  /** So many of its newest commits are looked at. */
  readonly depth: number;
  /** Of these so many, the oldest, are passed over, */
  readonly skip: number;
  /** and so many after them read. */
  readonly most: number;
};

/**
 * Throws RemoteUnreachable (also where the branch is gone meanwhile) or GitFailed.
 *
 * @param gitDir bare repository for this and for `newestRecords` alone, and for one reader at a time
 */
export async function recentRecords(
  gitDir: string,
  remote: string,
  { host, branch, depth, skip, most }: Recent,
  signal?: AbortSignal,
): Promise<readonly NewestRecord[]> {
  await openRepository(gitDir, remote, true);
  const ref = `${REFS}/${host}`;
  await fetchShallow(gitDir, [], [`--depth=${depth}`], [`+refs/heads/${branch}:${ref}`], signal);
  const listed = await git(gitDir, ['rev-list', '--first-parent', `--max-count=${depth}`, ref]);
  const tips = lines(listed)
    .reverse()
    .slice(skip, skip + most);
  const objects = openObjectReader(gitDir, LARGEST_RECORD);
  try {
    const found = await readEach(
      objects,
      tips.map((commit) => ({ host, commit })),
    );
    await nameBlobs(gitDir, found);
    await fetchBlobs(gitDir, found, signal);
    return await withBytes(gitDir, found);
  } finally {
    await objects.close();
  }
}

async function withBytes(
  gitDir: string,
  found: Awaited<ReturnType<typeof readEach>>,
): Promise<readonly NewestRecord[]> {
  // another reader: the one before does not see packs that came since
  const objects = openObjectReader(gitDir, LARGEST_RECORD);
  try {
    const contents = objects.read(found.flatMap(({ blob }) => blob ?? []));
    const records: NewestRecord[] = [];
    for (const { host, commit, signature, blob } of found) {
      const bytes = blob === null ? null : ((await contents.next()).value?.content ?? null);
      records.push({ host, commit, signature, bytes });
    }
    return records;
  } finally {
    await objects.close();
  }
}
