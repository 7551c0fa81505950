/** Runs a program of a step in a process group of its own, so that all of it ends when its time is up or the run is stopped. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..', '..');

export type Ending = { readonly ok: boolean; readonly output: string; readonly overran: boolean };

export type ProgramOptions = {
  /** Milliseconds. */
  readonly limit: number;
  /** Whether its output is shown as it comes; otherwise it is only kept. */
  readonly show: boolean;
  readonly env?: Readonly<Record<string, string>>;
};

/** Time between asking to end and ending by force. Milliseconds. */
const GRACE = 20_000;

/** Never throws for what the program does. The working folder is the checkout. */
export function runProgram(argv: readonly string[], options: ProgramOptions): Promise<Ending> {
  const [program = '', ...args] = argv;
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: ROOT,
      detached: true,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', options.show ? 'inherit' : 'pipe', options.show ? 'inherit' : 'pipe'],
    });
    let output = '';
    let overran = false;
    const keep = (chunk: unknown) => {
      output += String(chunk);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);

    const signal = (name: NodeJS.Signals) => {
      if (child.pid !== undefined) signalGroup(child.pid, name);
    };
    const stop = () => signal('SIGTERM');
    const force = (after: number) => setTimeout(() => signal('SIGKILL'), after).unref();
    const timer = setTimeout(() => {
      overran = true;
      stop();
      force(GRACE);
    }, options.limit);
    process.on('SIGINT', stop).on('SIGTERM', stop);

    const settle = (ok: boolean) => {
      clearTimeout(timer);
      process.off('SIGINT', stop).off('SIGTERM', stop);
      resolve({ ok, output, overran });
    };
    child.on('error', (error) => {
      output += error.message;
      settle(false);
    });
    child.on('close', (code) => settle(code === 0 && !overran));
  });
}

function signalGroup(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name);
  } catch {
    // it has ended by itself
  }
}
