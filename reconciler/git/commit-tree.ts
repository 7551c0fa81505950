/** The files of a commit, as the loader of desired state reads them: from Git's objects, never from a work tree. */
import type { DesiredTree, TreeEntry } from '../desired/tree.ts';
import { GitFailed } from '../errors.ts';
import type { BlobCache } from './blob-cache.ts';
import { git, isObjectId } from './git-command.ts';

/** `commit` is a checked object id. */
export function commitTree(
  gitDir: string,
  commit: string,
  cached: BlobCache = (_oid, read) => read(),
): DesiredTree {
  return {
    revision: commit,
    entry: async (path) => {
      const entries = await listTree(gitDir, commit, ['-z', '-l', '--full-tree'], path);
      return entries.find((entry) => entry.path === path);
    },
    list: (folder) =>
      listTree(gitDir, commit, ['-z', '-l', '-r', '--full-tree'], `${folder.replace(/\/+$/, '')}/`),
    read: (entry) => cached(entry.oid, () => git(gitDir, ['cat-file', 'blob', entry.oid])),
  };
}

async function listTree(
  gitDir: string,
  commit: string,
  flags: readonly string[],
  path: string,
): Promise<TreeEntry[]> {
  // `:(literal)`: a path of the repo is never a pattern
  const output = await git(gitDir, ['--literal-pathspecs', 'ls-tree', ...flags, commit, '--', path]);
  return parseTree(output);
}

/** What `ls-tree -z -l` prints. Throws GitFailed if it is something else. Pure. */
export function parseTree(output: Buffer): TreeEntry[] {
  return output
    .toString('utf8')
    .split('\0')
    .filter((line) => line !== '')
    .map(parseEntry);
}

const KINDS: Readonly<Record<string, TreeEntry['kind']>> = {
  '100644': 'file',
  '100664': 'file',
  '100755': 'executable',
  '120000': 'symlink',
  '160000': 'submodule',
  '040000': 'directory',
};

/** `<mode> <type> <id> <size>\t<path>`, the size padded with spaces, `-` for what is not a blob. */
function parseEntry(line: string): TreeEntry {
  const match = /^(\d{6}) [a-z]+ ([0-9a-f]+) +(\d{1,15}|-)\t([\s\S]+)$/.exec(line);
  const [, mode, oid, size, path] = match ?? [];
  if (mode === undefined || oid === undefined || path === undefined || !isObjectId(oid)) {
    throw new GitFailed(`git ls-tree said something unknown: ${JSON.stringify(line)}`);
  }
  return {
    path,
    oid,
    kind: KINDS[mode] ?? 'other',
    size: size === undefined || size === '-' ? 0 : Number(size),
  };
}
