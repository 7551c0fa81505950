/** Ends a process with everything it started: politely first, then for good. */
import { setTimeout as wait } from 'node:timers/promises';
import { SECOND } from '../clock.ts';
import { listProcesses, processStart, treeOf } from './process-identity.ts';

/**
 * Vagrant takes SIGINT as a wish to stop after its current step, and cleans up; SIGTERM ends it where it stands (VAGRANT.md
 * trap 9).
 */
const WAYS: readonly (readonly [NodeJS.Signals, number])[] = [
  ['SIGINT', 4 * SECOND],
  ['SIGTERM', 3 * SECOND],
  ['SIGKILL', SECOND],
];

/** Resolves when none of the tree is left, or after the last signal has had its time. Safe for processes that are gone. */
export async function endTree(root: number): Promise<void> {
  const members = new Map<number, string>();
  for (const [signal, patience] of WAYS) {
    collect(root, members);
    if (living(members).length === 0) return;
    for (const pid of living(members)) send(pid, signal);
    for (let waited = 0; waited < patience && living(members).length > 0; waited += 50) await wait(50);
  }
}

/** Whoever was seen in the tree stays on the list, also when its parent has gone. */
function collect(root: number, members: Map<number, string>): void {
  const known = [root, ...members.keys()];
  const processes = listProcesses();
  for (const pid of known.flatMap((each) => treeOf(each, processes))) {
    const start = processStart(pid);
    if (start !== null && pid !== process.pid && !members.has(pid)) members.set(pid, start);
  }
}

function living(members: ReadonlyMap<number, string>): number[] {
  return [...members].flatMap(([pid, start]) => (processStart(pid) === start ? [pid] : []));
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // it went by itself
  }
}

/** After a crash: ends what noted processes have left behind, and nothing that only took over their numbers. */
export async function endSurvivors(
  noted: readonly { readonly pid: number; readonly startedAt: string }[],
): Promise<void> {
  for (const { pid, startedAt } of noted) {
    if (processStart(pid) === startedAt) await endTree(pid);
    else await endOrphans(pid);
  }
}

/** The leader is gone, and its group is not: a group's number is not given to a new process while the group lives. */
async function endOrphans(group: number): Promise<void> {
  const orphans = listProcesses().filter((row) => row.group === group && row.pid !== group);
  for (const { pid } of orphans) await endTree(pid);
}
