/** Probes: what a guest is asked after it was built, and at every check-in. */
import type { Clock } from '../clock.ts';
import { SECOND } from '../clock.ts';
import type { ProbeSpec } from '../desired/spec.ts';
import type { SshTarget } from '../observed/memory.ts';
import type { Redactor } from '../secrets/redactor.ts';
import { matchInTime } from './match-in-time.ts';
import type { ProbeResult } from './outcome.ts';
import { connectSsh, type SshSession } from './ssh.ts';

export type ProbeDeps = { readonly clock: Clock; readonly redactor: Redactor; readonly signal?: AbortSignal };

export type Probed =
  | { readonly state: 'reached'; readonly hostKey: string; readonly probes: readonly ProbeResult[] }
  | { readonly state: 'unreachable'; readonly why: string };

const BETWEEN_TRIES = SECOND;

/**
 * Connects, trying again while the guest's SSH comes up, and runs every probe.
 *
 * @param timeoutMs for the connection, and again for each probe
 */
export async function probeGuest(
  guest: string,
  target: SshTarget,
  probes: readonly ProbeSpec[],
  timeoutMs: number,
  deps: ProbeDeps,
): Promise<Probed> {
  const session = await connectInTime(target, timeoutMs, deps);
  if (typeof session === 'string') return { state: 'unreachable', why: session };
  try {
    const results: ProbeResult[] = [];
    for (const probe of probes) results.push(await runProbe(guest, probe, session, timeoutMs, deps));
    return { state: 'reached', hostKey: session.hostKey, probes: results };
  } finally {
    session.close();
  }
}

async function connectInTime(
  target: SshTarget,
  timeoutMs: number,
  { clock, signal }: ProbeDeps,
): Promise<SshSession | string> {
  const deadline = clock.now() + timeoutMs;
  for (;;) {
    try {
      return await connectSsh(target, Math.max(SECOND, deadline - clock.now()));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (signal?.aborted || clock.now() + BETWEEN_TRIES >= deadline) {
        return `SSH to the guest at ${target.host}:${target.port} as ${target.user} does not work: ${why}`;
      }
      await clock.sleep(BETWEEN_TRIES, signal).catch(() => undefined);
    }
  }
}

async function runProbe(
  guest: string,
  { name, run, expect }: ProbeSpec,
  session: SshSession,
  timeoutMs: number,
  { clock, redactor }: ProbeDeps,
): Promise<ProbeResult> {
  const start = clock.now();
  const answer = await session
    .run(run, timeoutMs)
    .catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
  const durationMs = clock.now() - start;
  if (typeof answer === 'string') return { guest, name, ok: false, detail: answer, durationMs };
  const { ok, detail } = judge(answer, expect, redactor.text);
  return { guest, name, durationMs, ok, detail: cut(detail) };
}

/**
 * Exit status 0, and `expect` found in standard output, less the white space around it: `^2\.4$` matches what `echo 2.4` prints. Pure.
 *
 * @param redact takes secrets out of what the guest printed, before any of it is written in another way
 */
export function judge(
  answer: { readonly exitStatus: number | null; readonly stdout: string; readonly stderr: string },
  expect: string | null,
  redact: (text: string) => string,
): { readonly ok: boolean; readonly detail: string } {
  const printed = answer.stdout.trim();
  if (answer.exitStatus !== 0) {
    return {
      ok: false,
      detail: `ended with ${answer.exitStatus ?? 'a signal'}: ${redact(answer.stderr.trim() || printed)}`,
    };
  }
  const match = expect === null ? 'found' : matchInTime(expect, printed);
  if (match !== 'found') {
    const why = match === 'took too long' ? 'and to look for' : 'which does not match';
    const rest = match === 'took too long' ? ' in that took too long' : '';
    return { ok: false, detail: `printed ${JSON.stringify(redact(printed))}, ${why} ${expect}${rest}` };
  }
  return { ok: true, detail: redact(printed) };
}

const LONGEST_DETAIL = 1000;

function cut(text: string): string {
  return text.length <= LONGEST_DETAIL ? text : `${text.slice(0, LONGEST_DETAIL)}…`;
}
