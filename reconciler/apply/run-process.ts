/** Runs one program to its end, to the end of its time, or until it is told to stop; what came of it is a value. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { SECOND } from '../clock.ts';
import { codeOf } from '../observed/vagrant-files.ts';
import type { Redactor } from '../secrets/redactor.ts';
import { collectOutput, type OutputReader } from './collect-output.ts';
import { endTree } from './end-tree.ts';
import { type ProcessIdentity, readProcess } from './process-identity.ts';

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
  /** Makes text for people of its standard output; without it, that is such text already. */
  readonly reader?: OutputReader;
  /** Each line of its output, redacted. */
  readonly onLine: (line: string) => void;
  /** Awaited before the program's end is reported; a program that cannot be noted is ended. */
  readonly onStart?: (process: ProcessIdentity) => Promise<void>;
  /** How long it may go on after the signal was aborted, in milliseconds. */
  readonly graceMs?: number;
  /** How long each of SIGINT, SIGTERM and SIGKILL is waited for, in milliseconds. */
  readonly patienceMs?: number;
};

export type ProcessResult = {
  readonly ended: 'exited' | 'timed-out' | 'aborted' | 'not-started';
  /** null if a signal ended it. */
  readonly exitStatus: number | null;
  readonly signal: string | null;
  /** Last 8 KiB of what it printed on both outputs, in the order it came, redacted. */
  readonly tail: string;
  /** Last 8 KiB of its standard error, redacted. */
  readonly stderrTail: string;
  /** First 1 MiB of its standard output as it is, for parsing: never to be shown. */
  readonly stdout: string;
  readonly durationMs: number;
  /** What went wrong in running it: it could not be started, or noted, or ended. No matter of its exit status. */
  readonly problem: string | null;
};

/** A step under way gets this long to end by itself when the reconciler is told to stop. */
const GRACE = 15 * SECOND;
/** What is still in the pipes of a program that has ended is waited for this long. */
const LAST_OUTPUT = SECOND;

type Child = ChildProcessByStdio<null, Readable, Readable>;

/** Never throws. */
export async function runProcess(request: ProcessRequest): Promise<ProcessResult> {
  const began = performance.now();
  const child = await start(request);
  if (typeof child === 'string') {
    return {
      ...{ ended: 'not-started', exitStatus: null, signal: null, tail: '', stderrTail: '', stdout: '' },
      durationMs: performance.now() - began,
      problem: child,
    };
  }
  const output = collectOutput(request.redactor, request.onLine, request.reader);
  child.stdout.setEncoding('utf8').on('data', output.stdout);
  child.stderr.setEncoding('utf8').on('data', output.stderr);
  const end = await untilItsEnd(child, request);
  await closed(child);
  return { ...end, ...output.end(), durationMs: performance.now() - began };
}

/** Why not, in a sentence, if it cannot be started. */
async function start({ program, args, cwd, env, redactor }: ProcessRequest): Promise<Child | string> {
  try {
    const child = spawn(program, [...args], {
      cwd,
      env,
      // a session of its own: signals for us (Ctrl-C) are not for it, and it can be ended as a whole
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    if (child.pid === undefined) await once(child, 'spawn');
    return child;
  } catch (error) {
    if (!existsSync(cwd)) return `${program} cannot be run in ${cwd}: there is no such folder`;
    if (codeOf(error) === 'ENOENT') return `${program} cannot be run: is it installed, and on PATH?`;
    // Node shows an argument that it does not like
    return redactor.text(
      `${program} cannot be run: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

async function untilItsEnd(child: Child, request: ProcessRequest) {
  const { onStart, patienceMs } = request;
  const root = identityOf(child);
  const exit = new Promise<{ exitStatus: number | null; signal: string | null }>((resolve) => {
    child.once('exit', (exitStatus, signal) => resolve({ exitStatus, signal }));
  });
  const noted = (onStart?.(root) ?? Promise.resolve()).then(
    () => null,
    (error: unknown) => `it could not be noted: ${error instanceof Error ? error.message : String(error)}`,
  );
  const ended = await whatComesFirst(request, exit, noted);
  if (ended === 'exited') return { ended, ...(await exit), problem: await noted };
  const left = await endTree(root, patienceMs);
  const cut = { exitStatus: null, signal: null };
  const { signal } = left.includes(root.pid) ? cut : await exit;
  const still = left.length > 0 ? `processes ${left.join(', ')} could not be ended` : null;
  return { ended, exitStatus: null, signal, problem: (await noted) ?? still };
}

/** Known also when it has ended already: nobody has asked for its exit status yet. */
function identityOf({ pid = 0 }: Child): ProcessIdentity {
  return { pid, startedAt: readProcess(pid)?.startedAt ?? '' };
}

/** Its end, the end of its time, the end of the grace after an abort, or that it could not be noted. */
async function whatComesFirst(
  { timeoutMs, signal, graceMs = GRACE }: ProcessRequest,
  exit: Promise<unknown>,
  noted: Promise<string | null>,
): Promise<'exited' | 'timed-out' | 'aborted'> {
  const timers: NodeJS.Timeout[] = [];
  const after = (ms: number, then: () => void) => timers.push(setTimeout(then, ms));
  const over = Promise.withResolvers<'exited' | 'timed-out' | 'aborted'>();
  const abort = () => after(graceMs, () => over.resolve('aborted'));
  void exit.then(() => over.resolve('exited'));
  void noted.then((problem) => problem !== null && over.resolve('aborted'));
  after(timeoutMs, () => over.resolve('timed-out'));
  if (signal?.aborted) abort();
  else signal?.addEventListener('abort', abort, { once: true });
  const first = await over.promise;
  signal?.removeEventListener('abort', abort);
  for (const timer of timers) clearTimeout(timer);
  return first;
}

/** A daemon that it left behind (a machine's monitor, say) may hold its pipes open: that is no reason to wait. */
async function closed(child: Child): Promise<void> {
  const pipes = [child.stdout, child.stderr].filter((pipe) => !pipe.closed);
  const all = Promise.all(pipes.map((pipe) => once(pipe, 'close')));
  const limit = Promise.withResolvers<void>();
  const timer = setTimeout(limit.resolve, LAST_OUTPUT);
  await Promise.race([all, limit.promise]);
  clearTimeout(timer);
  for (const pipe of pipes) pipe.destroy();
}
