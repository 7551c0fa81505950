/** A secret that a program prints: the macOS Keychain, `age`, `sops`, `op` and the like. */
import { runProcess } from '../apply/run-process.ts';
import { SecretUnavailable } from '../errors.ts';
import { createRedactor } from './redactor.ts';

/** More than this is no secret. */
const LONGEST = 256 * 1024;

/**
 * Standard output of a program without its last newline. What it prints on standard error may hold anything, and its
 * arguments as well: neither is shown. Throws SecretUnavailable.
 *
 * @param limit in milliseconds
 */
export async function fromProgram(
  name: string,
  [program, ...args]: readonly string[],
  limit: number,
): Promise<string> {
  if (program === undefined) throw new SecretUnavailable(`secret ${name}: exec names no program`);
  const run = await runProcess({
    program,
    args,
    cwd: '/',
    env: ownEnvironment(),
    timeoutMs: limit,
    redactor: createRedactor([]),
    onLine: () => {},
  });
  const wrong = whatIsWrong(run, limit);
  if (wrong !== null) {
    throw new SecretUnavailable(`secret ${name}: ${program} ${wrong}; run it by hand to see why`);
  }
  return run.stdout.replace(/\r?\n$/, '');
}

function whatIsWrong(run: Awaited<ReturnType<typeof runProcess>>, limit: number): string | null {
  if (run.ended === 'not-started') return 'cannot be run';
  if (run.ended === 'timed-out') return `did not end in ${limit / 1000} s`;
  if (run.signal !== null) return `was ended by ${run.signal}`;
  if (run.exitStatus !== 0) return `ended with ${run.exitStatus}`;
  if (run.stdout.length > LONGEST) return `printed more than ${LONGEST / 1024} KiB`;
  return null;
}

function ownEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}
