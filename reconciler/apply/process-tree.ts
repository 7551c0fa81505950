/** What belongs to a process that we started. */
import { type ProcessIdentity, type ProcessRow, startedNotBefore } from './process-identity.ts';

/**
 * Who, of all processes, provably belongs to a process that we started as leader of a session of its own: itself, its
 * group (also when the leader is gone), and all descendants of these. Pure.
 *
 * @param seen whoever was found to belong to it before, and may have lost its parent since
 */
export function treeOf(
  root: ProcessIdentity,
  seen: readonly ProcessIdentity[],
  all: readonly ProcessRow[],
): readonly ProcessRow[] {
  const living = all.filter((row) => !row.zombie && row.pid > 1);
  const groupIsOurs = all.every((row) => row.pid !== root.pid || row.startedAt === root.startedAt);
  const known = new Map([root, ...seen].map((each) => [each.pid, each.startedAt]));
  const tree = new Set<ProcessRow>(
    living.filter((row) => known.get(row.pid) === row.startedAt || (groupIsOurs && isInGroupOf(root, row))),
  );
  for (const member of tree) {
    // a set goes on to what is added while it is walked
    for (const row of living) if (row.parent === member.pid) tree.add(row);
  }
  return [...tree];
}

/**
 * No process gets a number that is still the number of a group. So a group without its leader is ours, unless it died out
 * and another took the number, and lost its leader too; that one would have to lead a session as well.
 */
function isInGroupOf(root: ProcessIdentity, row: ProcessRow): boolean {
  return (
    row.group === root.pid &&
    (row.session === null || row.session === root.pid) &&
    startedNotBefore(row.startedAt, root.startedAt)
  );
}
