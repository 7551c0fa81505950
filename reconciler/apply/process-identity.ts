/** Which process a process number stands for: numbers are used again, a number with its start is not. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** What a crashed reconciler leaves behind to find a process by. `startedAt` as `processStart` has it. */
export type ProcessIdentity = { readonly pid: number; readonly startedAt: string };

export type ProcessRow = ProcessIdentity & {
  readonly parent: number;
  readonly group: number;
  /** null where the system does not tell (macOS). */
  readonly session: number | null;
  /** It has ended, and its parent has not asked yet how. */
  readonly zombie: boolean;
};

/** A text that two processes with one number do not share; null if there is no such process, or it has ended. */
export function processStart(pid: number): string | null {
  const row = readProcess(pid);
  return row === null || row.zombie ? null : row.startedAt;
}

/** null if there is no such process. */
export function readProcess(pid: number): ProcessRow | null {
  return process.platform === 'linux' ? fromProc(pid) : (fromPs(['-p', String(pid)])[0] ?? null);
}

/** Every process of this machine. */
export function listProcesses(): readonly ProcessRow[] {
  if (process.platform !== 'linux') return fromPs(['-A']);
  return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (fromProc(Number(name)) ?? []) : []));
}

/** Whether one start is known to be no earlier than another. Pure. */
export function startedNotBefore(one: string, other: string): boolean {
  const [epoch, at] = one.split(' ');
  const [otherEpoch, otherAt] = other.split(' ');
  return otherEpoch !== '' && epoch === otherEpoch && Number(at) >= Number(otherAt);
}

function fromProc(pid: number): ProcessRow | null {
  try {
    return parseStat(pid, readFileSync(`/proc/${pid}/stat`, 'utf8'), bootId());
  } catch {
    return null;
  }
}

/**
 * proc_pid_stat(5). The name in field 2 may hold anything, so count from its end: fields 3 to 6, and 22, ticks since boot.
 * null for anything else. Pure.
 */
export function parseStat(pid: number, stat: string, boot: string): ProcessRow | null {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, parent, group, session] = fields;
  const ticks = fields[19];
  if (![parent, group, session, ticks].every((field) => field !== undefined && /^-?\d{1,20}$/.test(field)))
    return null;
  return {
    pid,
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    zombie: state === 'Z' || state === 'X',
    startedAt: `${boot} ${ticks}`,
  };
}

let knownBootId: string | undefined;
function bootId(): string {
  knownBootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return knownBootId;
}

/** The start is a date to the second, the best that macOS tells; in C and UTC, so that it is always written the same way. */
function fromPs(which: readonly string[]): readonly ProcessRow[] {
  try {
    const table = execFileSync('ps', [...which, '-o', 'pid=,ppid=,pgid=,stat=,lstart='], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
    });
    return table.split('\n').flatMap((line) => parsePsLine(line) ?? []);
  } catch {
    // ps ends with 1 when it has found nothing
    return [];
  }
}

/** A line of `ps -o pid=,ppid=,pgid=,stat=,lstart=`; null for anything else. Pure. */
export function parsePsLine(line: string): ProcessRow | null {
  const [, pid, parent, group, state, start] =
    /^(\d{1,15})\s+(\d{1,15})\s+(\d{1,15})\s+(\S+)\s+(\S.*)$/.exec(line.trim()) ?? [];
  const instant = start === undefined ? Number.NaN : Date.parse(`${start} UTC`);
  if (Number.isNaN(instant)) return null;
  return {
    pid: Number(pid),
    parent: Number(parent),
    group: Number(group),
    session: null,
    zombie: state?.startsWith('Z') ?? false,
    startedAt: `1970 ${instant / 1000}`,
  };
}
