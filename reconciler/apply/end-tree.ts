/** Ends a process with everything it started: politely first, then for good. */
import { setTimeout as wait } from 'node:timers/promises';
import { SECOND } from '../clock.ts';
import { listProcesses, type ProcessIdentity, processStart } from './process-identity.ts';
import { treeOf } from './process-tree.ts';

/** How long a signal is waited for before the next, stronger one. */
const PATIENCE = 5 * SECOND;
const BETWEEN_LOOKS = 50;

/**
 * SIGINT, then SIGTERM, then SIGKILL to what is left. Vagrant takes SIGINT as a wish to stop after its current step, and
 * cleans up; a second one, and SIGTERM, end it where it stands (VAGRANT.md trap 9). Safe for processes that are gone, and
 * whose number is another's now.
 *
 * @param root leader of a session of its own
 * @param patience between the signals, in milliseconds
 * @returns numbers of those that did not go even so
 */
export async function endTree(root: ProcessIdentity, patience = PATIENCE): Promise<readonly number[]> {
  let members: readonly ProcessIdentity[] = [];
  // whoever was seen in the tree stays on the list, also when its parent has gone
  const look = () => {
    members = [
      ...new Map(
        [...members, ...treeOf(root, members, listProcesses())].map((each) => [each.pid, each]),
      ).values(),
    ];
    return living(members);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const left = look();
    if (left.length === 0) return [];
    for (const pid of left) send(pid, signal);
    for (let waited = 0; waited < patience && living(members).length > 0; waited += BETWEEN_LOOKS) {
      await wait(BETWEEN_LOOKS);
    }
  }
  for (let waited = 0; waited < patience; waited += BETWEEN_LOOKS) {
    const left = look();
    if (left.length === 0) return [];
    for (const pid of left) send(pid, 'SIGKILL');
    await wait(BETWEEN_LOOKS);
  }
  return look();
}

/** After a crash: ends what noted processes have left behind, and nothing that only took over their numbers. */
export async function endSurvivors(noted: readonly ProcessIdentity[]): Promise<void> {
  await Promise.all(noted.map((each) => endTree(each)));
}

function living(members: readonly ProcessIdentity[]): number[] {
  return members.filter(({ pid, startedAt }) => processStart(pid) === startedAt).map(({ pid }) => pid);
}

function send(pid: number, signal: NodeJS.Signals): void {
  if (pid === process.pid) return;
  try {
    process.kill(pid, signal);
  } catch {
    // it went by itself
  }
}
