/** A file at the top of a commit or a tree, for branches that say one thing in one file. */
import { git, lines } from './git-command.ts';

export type TopFile = {
  readonly name: string;
  /** Bytes; what is larger counts as none. */
  readonly largest: number;
  /** Nothing may be beside it. */
  readonly alone: boolean;
};

/** null: there is no such plain file. @param of an object id or a ref of ours */
export async function topFile(
  gitDir: string,
  of: string,
  { name, largest, alone }: TopFile,
): Promise<Buffer | null> {
  const which = alone ? [] : ['--', name];
  const [entry = '', ...more] = lines(await git(gitDir, ['ls-tree', '-l', '--full-tree', of, ...which]));
  const [, blob, size, found] = /^100644 blob ([0-9a-f]+) +(\d+)\t(.+)$/.exec(entry) ?? [];
  if (more.length > 0 || blob === undefined || found !== name || Number(size) > largest) return null;
  return git(gitDir, ['cat-file', 'blob', blob]);
}
