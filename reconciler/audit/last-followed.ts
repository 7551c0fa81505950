/** What a host followed, by its own signed account: wiping its folder of state must not open a way back to an older commit. */
import { readRecords } from './fleet-account.ts';

/** Records read at first; more of them each time that all were refusals. */
const AT_FIRST = 32;

/** The commit that the newest record below `tip` went by, refusals apart; null if there is none. */
export async function lastFollowed(gitDir: string, tip: string): Promise<string | null> {
  for (let most = AT_FIRST; ; most *= 8) {
    const entries = await readRecords(gitDir, tip, most);
    const followed = entries.find(({ record }) => record.kind !== 'refused' && record.desired !== null);
    if (followed !== undefined) return followed.record.desired?.commit ?? null;
    if (entries.length < most) return null;
  }
}
