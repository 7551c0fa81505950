/** How the benchmarks measure. Every figure stands beside the real alternative's, taken in the same run. */
import { readFileSync } from 'node:fs';
import { execa } from 'execa';

export type Result = {
  readonly name: string;
  /** ours / theirs: below 1 is better than the alternative. */
  readonly ratio: number;
  readonly ours: number;
  readonly theirs: number;
  readonly unit: string;
  /** What was compared with what. */
  readonly what: string;
  /** Budget of DESIGN §8, as the greatest ratio or the greatest figure of ours. */
  readonly budget: string;
  readonly withinBudget: boolean;
  /** More that was measured on the way; fields beside the others in JSON. */
  readonly also?: Readonly<Record<string, number>>;
};

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Nearest-rank quantile; `share` from 0 to 1. Throws on an empty list. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  const value = sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new Error('nothing was measured');
  return value;
}

/** CPU time in milliseconds that a process and the children it waited for have used. */
export function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0);
  return ticks * MS_PER_TICK;
}

/** Linux counts CPU time in hundredths of a second on every platform Node runs on. */
const MS_PER_TICK = 10;

/** Resident memory of a process in MiB. */
export function residentMiB(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (line === null) throw new Error(`process ${pid} has no memory to speak of`);
  return Number(line[1]) / 1024;
}

/** CPU time in milliseconds of a shell command, with all it starts. */
export async function cpuOfCommand(
  script: string,
  options: { cwd: string; env: Record<string, string> },
): Promise<number> {
  const before = childCpu();
  await execa('bash', ['-c', script], { ...options, extendEnv: false, stdin: 'ignore' });
  return childCpu() - before;
}

function childCpu(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) * MS_PER_TICK;
}

/** Wall time in milliseconds of one run of a program. */
export async function wallOf(
  program: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<number> {
  const start = performance.now();
  await execa(program, args, { env, extendEnv: false, stdin: 'ignore' });
  return performance.now() - start;
}
