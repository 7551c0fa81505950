/** Contents that a partial clone left with the remote, fetched all at once: one at a time is a connection each. */
import { git, gitRemote, lines } from './git-command.ts';
import { REMOTE } from './repository.ts';

/** All contents of some trees that are not here yet. Throws RemoteUnreachable. @param trees checked ids */
export async function fetchContents(
  gitDir: string,
  trees: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const missing = await missingBlobs(gitDir, trees);
  if (missing.length === 0) return;
  await gitRemote(
    gitDir,
    [
      'fetch',
      '--quiet',
      '--no-tags',
      '--no-write-fetch-head',
      '--filter=blob:none',
      '--recurse-submodules=no',
      '--stdin',
      REMOTE,
    ],
    { input: `${missing.join('\n')}\n`, signal },
  );
}

/** `--missing=print` lists what is not here with a `?` before it, instead of going to get it. */
async function missingBlobs(gitDir: string, trees: readonly string[]): Promise<string[]> {
  if (trees.length === 0) return [];
  const args = ['rev-list', '--objects', '--no-object-names', '--missing=print', '--stdin'];
  const listed = await git(gitDir, args, { input: `${trees.join('\n')}\n` });
  return lines(listed).flatMap((line) => (line.startsWith('?') ? [line.slice(1)] : []));
}
