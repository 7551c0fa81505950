/**
 * `agent: { system: command }`: the host's own executables drain, ask and undrain. Argument vectors, run without a shell.
 *
 * `drain`, `undrain`: exit status 0 is success. `idle`: 0 is idle, 1 is busy with the reason on standard output, and
 * anything else, a signal and an overrun included, is unknown. An empty `drain` or `undrain` has nothing to do; an empty
 * `idle` never says idle.
 */
import { MINUTE, SECOND } from '../clock.ts';
import type { AgentSpec } from '../desired/spec.ts';
import { showDuration } from '../duration.ts';
import type { Activity, CiAgent } from './ci-agent.ts';

/** For each run, in milliseconds. */
const LIMIT = 2 * MINUTE;
const SETTLE = 5 * SECOND;
/** Longest reason kept of what `idle` prints, in characters. */
const LONGEST = 400;

export type CommandOptions = {
  readonly limitMs?: number;
  readonly settleMs?: number;
  /** Takes secrets out of what a command printed. */
  readonly redact: (text: string) => Promise<string>;
};

export function commandAgent(spec: AgentSpec & { system: 'command' }, options: CommandOptions): CiAgent {
  const limit = options.limitMs ?? LIMIT;
  const run = (argv: readonly string[], signal: AbortSignal | undefined) =>
    runCommand(argv, limit, options.redact, signal);
  return {
    settleMs: options.settleMs ?? SETTLE,
    describe: () => `agent behind ${spec.idle[0] ?? 'no idle command'}`,
    drain: async (signal) => {
      const ended = await run(spec.drain, signal);
      return ended.ok ? { state: 'drained' } : { state: 'failed', detail: `drain ${ended.problem}` };
    },
    activity: async (signal) => {
      if (spec.idle.length === 0) return { state: 'unknown', detail: 'no idle command is declared' };
      return activityOf(await run(spec.idle, signal));
    },
    undrain: async (signal) => {
      const ended = await run(spec.undrain, signal);
      if (!ended.ok) throw new Error(`undrain ${ended.problem}`);
    },
  };
}

type Ended =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly exitCode: number | undefined;
      readonly stdout: string;
      readonly problem: string;
    };

function activityOf(ended: Ended): Activity {
  if (ended.ok) return { state: 'idle' };
  if (ended.exitCode === 1) return { state: 'busy', detail: ended.stdout || 'busy, no reason given' };
  return { state: 'unknown', detail: `idle ${ended.problem}` };
}

/** Never throws. The whole process group is ended on overrun and on abort, so that no child of a script is left. */
async function runCommand(
  argv: readonly string[],
  limit: number,
  redact: CommandOptions['redact'],
  signal: AbortSignal | undefined,
): Promise<Ended> {
  const [file, ...args] = argv;
  if (file === undefined) return { ok: true };
  if (signal?.aborted) return failed(undefined, '', 'was not begun: stopping');
  // Loaded when first needed: it costs an idle daemon 16 MiB.
  const { execa } = await import('execa');
  const child = execa(file, args, {
    reject: false,
    stdin: 'ignore',
    detached: true,
    cleanup: false,
    maxBuffer: 64 * 1024,
    cwd: '/',
  });
  let cut: string | null = null;
  const end = (why: string) => {
    cut = why;
    if (child.pid !== undefined) endGroup(child.pid);
  };
  const stop = () => end('was cut: stopping');
  const timer = setTimeout(() => end(`did not end within ${showDuration(limit)}`), limit);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    const result = await child;
    if (cut !== null) return failed(undefined, '', cut);
    if (result.exitCode === 0) return { ok: true };
    const stdout = oneLine(await redact(result.stdout));
    const said = oneLine(await redact(result.stderr)) || stdout;
    const how =
      result.exitCode === undefined ? (result.shortMessage ?? 'failed') : `exited with ${result.exitCode}`;
    return failed(result.exitCode, stdout, said === '' ? how : `${how}: ${said}`);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}

function failed(exitCode: number | undefined, stdout: string, problem: string): Ended {
  return { ok: false, exitCode, stdout, problem };
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, LONGEST);
}
