/** How much of each file changed between two commits. */
import { gitAnswer } from './git-command.ts';

/** Lines added or removed, whichever is more, in each file below a folder. */
export async function lineChanges(
  gitDir: string,
  from: string,
  to: string,
  folder: string,
): Promise<Record<string, number>> {
  const args = [
    '--literal-pathspecs',
    'diff-tree',
    '-r',
    '-z',
    '--numstat',
    '--no-renames',
    '--no-ext-diff',
    '--no-textconv',
    from,
    to,
    '--',
    `${folder}/`,
  ];
  const { stdout, exitCode } = await gitAnswer(gitDir, args, { allow: [128] });
  return exitCode === 0 ? parseNumstat(stdout, folder) : {};
}

/** What `diff-tree -z --numstat` prints, by path relative to the folder; files that are not text are left out. Pure. */
export function parseNumstat(output: Buffer, folder: string): Record<string, number> {
  const changes: [string, number][] = [];
  for (const line of output.toString('utf8').split('\0')) {
    const [, added, removed, path] = /^(\d{1,15})\t(\d{1,15})\t(.+)$/s.exec(line) ?? [];
    if (path === undefined || !path.startsWith(`${folder}/`)) continue;
    changes.push([path.slice(folder.length + 1), Math.max(Number(added), Number(removed))]);
  }
  // a file may be called anything, `__proto__` too
  return Object.fromEntries(changes);
}
