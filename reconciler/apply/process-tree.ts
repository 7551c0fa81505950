/** What belongs to a process that we started. */
import { type ProcessIdentity, type ProcessRow, startedNotBefore } from './process-identity.ts';

/**
 * Who, of all processes, provably belongs to a process that we started as leader of a session of its own: itself, whoever
 * was seen to belong to it before, the groups that these lead or led, and all descendants. Pure.
 *
 * @param seen may have lost their parents since, or be gone
 */
export function treeOf(
  root: ProcessIdentity,
  seen: readonly ProcessIdentity[],
  all: readonly ProcessRow[],
): readonly ProcessRow[] {
  const living = all.filter((row) => !row.zombie && row.pid > 1);
  const known = new Map([root, ...seen].map((each) => [each.pid, each]));
  for (const { pid, startedAt } of all) {
    // another has its number now: then nothing is left of its group either
    if (known.get(pid)?.startedAt !== startedAt) known.delete(pid);
  }
  const sessions = new Set(known.keys());
  const tree = new Set(
    living.filter((row) => known.has(row.pid) || isInGroupOf(known.get(row.group), row, sessions)),
  );
  for (const member of tree) {
    // a set goes on to what is added while it is walked
    for (const row of living) if (row.parent === member.pid) tree.add(row);
  }
  return [...tree];
}

/**
 * No process gets a number that is still the number of a group. So a group without its leader is ours, unless it died out
 * and another took the number, and lost its leader too; that one would have to lie in a session of ours as well.
 */
function isInGroupOf(
  leader: ProcessIdentity | undefined,
  row: ProcessRow,
  sessions: ReadonlySet<number>,
): boolean {
  return (
    leader !== undefined &&
    (row.session === null || sessions.has(row.session)) &&
    startedNotBefore(row.startedAt, leader.startedAt)
  );
}
