/** Runs one program to its end, to the end of its time, or until it is told to stop; what came of it is a value. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Redactor } from '../secrets/redactor.ts';
import { endTree } from './end-tree.ts';
import { processStart } from './process-identity.ts';

export type ProcessRequest = {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Milliseconds; afterwards the program is ended with all it started. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly redactor: Redactor;
  /** Each line of its output, redacted. */
  readonly onLine: (line: string) => void;
  /** Awaited before the program's end is reported. */
  readonly onStart?: (process: { readonly pid: number; readonly startedAt: string }) => Promise<void>;
  /** How long it may go on after the signal was aborted, in milliseconds. */
  readonly graceMs?: number;
};

export type ProcessResult = {
  readonly ended: 'exited' | 'timed-out' | 'aborted' | 'not-started';
  /** null if a signal ended it. */
  readonly exitStatus: number | null;
  readonly signal: string | null;
  /** Last 8 KiB of what it printed on both outputs, in the order it came, redacted. */
  readonly tail: string;
  /** First 1 MiB of its standard output as it is, for parsing: never to be shown. */
  readonly stdout: string;
  readonly durationMs: number;
  /** Why it could not be started; null if it was. */
  readonly problem: string | null;
};

const TAIL = 8 * 1024;
const MOST_STDOUT = 1024 * 1024;
/** A step under way gets this long to end by itself when the reconciler is told to stop. */
const GRACE_MS = 15_000;

/** Never throws. */
export async function runProcess(request: ProcessRequest): Promise<ProcessResult> {
  const began = performance.now();
  const output = collect(request);
  const child = spawn(request.program, [...request.args], {
    cwd: request.cwd,
    env: request.env,
    // a group of its own: signals for us (Ctrl-C) are not for it, and it can be ended as a whole
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) return notStarted(child, output, began);
  child.stdout.setEncoding('utf8').on('data', output.stdout);
  child.stderr.setEncoding('utf8').on('data', output.stderr);
  const closed = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  const noted = request.onStart?.({ pid, startedAt: processStart(pid) ?? '' });
  const cut = await firstOf(request, closed);
  if (cut !== 'exited') await endTree(pid);
  // a grandchild that left the tree may hold the pipes open: do not wait for it for ever
  const end = await Promise.race([closed, after(5000, { code: null, signal: 'SIGKILL' })]);
  await noted;
  return {
    ended: cut,
    exitStatus: cut === 'exited' ? end.code : null,
    signal: end.signal,
    ...output.end(),
    durationMs: performance.now() - began,
    problem: null,
  };
}

/** What comes first: its end, the end of its time, or the end of the grace after an abort. */
async function firstOf(
  { timeoutMs, signal, graceMs }: ProcessRequest,
  closed: Promise<unknown>,
): Promise<'exited' | 'timed-out' | 'aborted'> {
  const timers: NodeJS.Timeout[] = [];
  const timer = <T>(ms: number, value: T) =>
    new Promise<T>((resolve) => {
      timers.push(setTimeout(() => resolve(value), ms));
    });
  let stop = () => {};
  const aborted = new Promise<'aborted'>((resolve) => {
    stop = () => void timer(graceMs ?? GRACE_MS, 'aborted' as const).then(resolve);
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
  const first = await Promise.race([
    closed.then(() => 'exited' as const),
    timer(timeoutMs, 'timed-out' as const),
    aborted,
  ]);
  signal?.removeEventListener('abort', stop);
  for (const each of timers) clearTimeout(each);
  return first;
}

function after<T>(ms: number, value: T): Promise<T> {
  return new Promise((resolve) => setTimeout(() => resolve(value), ms).unref());
}

async function notStarted(
  child: ChildProcess,
  output: ReturnType<typeof collect>,
  began: number,
): Promise<ProcessResult> {
  const error = await new Promise<Error>((resolve) => child.once('error', resolve));
  return {
    ended: 'not-started',
    exitStatus: null,
    signal: null,
    ...output.end(),
    durationMs: performance.now() - began,
    problem: error.message,
  };
}

function collect({ redactor, onLine }: ProcessRequest) {
  const streams = { stdout: redactor.stream(), stderr: redactor.stream() };
  const rest = { stdout: '', stderr: '' };
  let tail = '';
  let stdout = '';
  const take = (name: 'stdout' | 'stderr', text: string) => {
    tail = (tail + text).slice(-TAIL);
    const lines = (rest[name] + text).split('\n');
    rest[name] = lines.pop() ?? '';
    for (const line of lines) onLine(line.trimEnd());
  };
  return {
    stdout: (chunk: string) => {
      if (stdout.length < MOST_STDOUT) stdout += chunk;
      take('stdout', streams.stdout.push(chunk));
    },
    stderr: (chunk: string) => take('stderr', streams.stderr.push(chunk)),
    end: () => {
      for (const name of ['stdout', 'stderr'] as const) {
        take(name, streams[name].end());
        if (rest[name] !== '') onLine(rest[name]);
      }
      return { tail: tail.trim(), stdout };
    },
  };
}
