/** What a host followed, by its own signed account: wiping its folder of state must not open a way back to an older commit. */
import { git, lines } from '../git/git-command.ts';
import { readRecords } from './fleet-account.ts';

/** Records read at first; more of them each time that all were refusals. */
const AT_FIRST = 32;

/** The commit that the newest record below `tip` went by, refusals apart; null if there is none. */
export async function lastFollowed(gitDir: string, tip: string): Promise<string | null> {
  // not by how many were read: one that cannot be read is passed over, and is not the end of the chain
  const all = Number(lines(await git(gitDir, ['rev-list', '--count', tip]))[0]);
  for (let most = AT_FIRST; ; most *= 8) {
    const [newest] = (await readRecords(gitDir, tip, most)).flatMap(({ record: { kind, desired } }) =>
      kind === 'refused' || desired === null ? [] : [desired.commit],
    );
    if (newest !== undefined) return newest;
    if (most >= all) return null;
  }
}
