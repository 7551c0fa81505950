/** Where two histories part. */
import { gitAnswer, lines } from '../git/git-command.ts';
import { checked } from '../git/history.ts';

/** The last commit that both have; null if they have none, or if one of them is not here. */
export async function forkPoint(gitDir: string, one: string, other: string): Promise<string | null> {
  const args = ['merge-base', checked(one), checked(other)];
  const { stdout } = await gitAnswer(gitDir, args, { allow: [1, 128] });
  return lines(stdout)[0] ?? null;
}
