/**
 * One Git process. By Node's own `spawn`: this runs at every poll of a daemon that is to stay small, and execa alone costs it
 * 14 MiB.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

export type GitEnd =
  | { readonly state: 'exited'; readonly exitCode: number; readonly stdout: Buffer; readonly stderr: string }
  | { readonly state: 'timed-out' | 'stopped' }
  | { readonly state: 'not-started'; readonly why: string };

export type GitRun = {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly input: string | Buffer | undefined;
  /** Milliseconds. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
};

/** Of what Git complains, more than this is noise. */
const MOST_STDERR = 16 * 1024;
/** Shells add 128 to the number of the signal that ended a process. */
const ENDED_BY_SIGNAL = 128;

/** Never throws. Ends Git with all it started (ssh, upload-pack) when the time is up or the signal is aborted. */
export function runGit({ args, env, input, timeout, signal }: GitRun): Promise<GitEnd> {
  return new Promise((resolve) => {
    const child = spawn('git', [...args], {
      env,
      detached: true,
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    let cut: 'timed-out' | 'stopped' | null = null;
    const end = (why: 'timed-out' | 'stopped') => {
      cut = why;
      endGroup(child.pid);
    };
    const timer = setTimeout(end, timeout, 'timed-out');
    const stop = () => end('stopped');
    signal?.addEventListener('abort', stop, { once: true });
    if (signal?.aborted) stop();
    const settle = (ended: GitEnd) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
      resolve(ended);
    };
    const out: Buffer[] = [];
    let stderr = '';
    child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      stderr = (stderr + chunk).slice(-MOST_STDERR);
    });
    child.once('error', (error) => settle({ state: 'not-started', why: error.message }));
    child.once('close', (code, by) => {
      if (cut !== null) settle({ state: cut });
      else
        settle({
          state: 'exited',
          exitCode: code ?? ENDED_BY_SIGNAL + numberOf(by),
          stdout: Buffer.concat(out),
          stderr,
        });
    });
    // a Git that ends before it has read everything says why on its standard error
    child.stdin?.on('error', () => undefined).end(input);
  });
}

function numberOf(signal: NodeJS.Signals | null): number {
  return signal === null ? 0 : (constants.signals[signal] ?? 0);
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // it ended by itself in this moment
  }
}
