/** Questions about commits and refs of the host's repository. */
import { GitFailed } from '../errors.ts';
import { gitAnswer, isObjectId, lines } from './git-command.ts';

/** Whether every commit of `ancestor` is in `descendant`. False if one of them is not known. */
export async function isAncestor(gitDir: string, ancestor: string, descendant: string): Promise<boolean> {
  if (ancestor === descendant) return true;
  const args = ['merge-base', '--is-ancestor', checked(ancestor), checked(descendant)];
  return (await gitAnswer(gitDir, args, { allow: [1, 128] })).exitCode === 0;
}

/** The object a ref names; null if there is none. */
export async function refValue(gitDir: string, ref: string): Promise<string | null> {
  const { stdout, exitCode } = await gitAnswer(
    gitDir,
    ['rev-parse', '--verify', '--quiet', '--end-of-options', ref],
    { allow: [1, 128] },
  );
  return exitCode === 0 ? (lines(stdout)[0] ?? null) : null;
}

/** An object id that came from outside, before it stands on a command line. Throws GitFailed if it is none. */
export function checked(id: string): string {
  if (!isObjectId(id)) throw new GitFailed(`${JSON.stringify(id)} is no object id`);
  return id;
}
