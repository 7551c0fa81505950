/**
 * Whether the newest commit is so old that someone may be keeping newer ones from this host (a freeze): nothing else tells a host
 * that is shown an old state of the branch from one whose branch is quiet.
 */
import { iso } from '../clock.ts';
import { showDuration } from '../duration.ts';

/**
 * A sentence for people, the same for as long as it holds of this commit; null if it is fresh enough.
 *
 * @param committedAt ms since the epoch; of a signed commit, its signer's word
 * @param freshness the most its age may be, in ms; null: as old as it likes
 */
export function staleness(
  commit: string,
  committedAt: number,
  freshness: number | null,
  now: number,
): string | null {
  if (freshness === null || now - committedAt <= freshness) return null;
  return (
    `the remote has shown no commit newer than ${commit.slice(0, 7)} of ${iso(committedAt)} for longer than ${showDuration(freshness)} ` +
    '(trust.freshness): is someone showing this host an old state of the branch? Compare it with what others see'
  );
}
