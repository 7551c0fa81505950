/** Which process a process number stands for: numbers are used again, a number with its start time is not. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A text that two processes with one number do not share; null if there is no such process. */
export function processStart(pid: number): string | null {
  return process.platform === 'linux' ? fromProc(pid) : fromPs(pid);
}

/** Field 22 of proc_pid_stat(5): ticks since boot. The name in field 2 may hold anything, so count from its end. */
function fromProc(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z') return null;
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${fields[19]}`;
  } catch {
    return null;
  }
}

function fromPs(pid: number): string | null {
  try {
    const start = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return start.trim() || null;
  } catch {
    return null;
  }
}

export type ProcessRow = { readonly pid: number; readonly parent: number; readonly group: number };

/** Every process of this machine, with its parent and its group. */
export function listProcesses(): readonly ProcessRow[] {
  const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,pgid='], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return rows.split('\n').flatMap((row) => {
    const [pid, parent, group] = row.trim().split(/\s+/).map(Number);
    return pid === undefined || parent === undefined || group === undefined || Number.isNaN(group)
      ? []
      : [{ pid, parent, group }];
  });
}

/** The process, its descendants, and whoever is in their groups. Pure. */
export function treeOf(root: number, processes: readonly ProcessRow[]): readonly number[] {
  const tree = new Set([root, ...processes.filter(({ group }) => group === root).map(({ pid }) => pid)]);
  for (let size = 0; size !== tree.size; ) {
    size = tree.size;
    for (const { pid, parent } of processes) if (tree.has(parent)) tree.add(pid);
  }
  return [...tree];
}
