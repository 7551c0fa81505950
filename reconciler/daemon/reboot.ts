/** Reboots the host. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Clock, MINUTE } from '../clock.ts';

/** How long a host may take to end this process, in milliseconds. */
const GOES_DOWN_WITHIN = 10 * MINUTE;
const COMMAND_LIMIT = 1 * MINUTE;

/**
 * @param command program and arguments, run without a shell
 * @returns why the host did not go down. Rejects when `signal` is aborted first: the system ends us, as it should
 */
export async function rebootHost(
  [program = '', ...args]: readonly string[],
  clock: Clock,
  signal: AbortSignal,
): Promise<string> {
  try {
    await promisify(execFile)(program, args, { timeout: COMMAND_LIMIT });
  } catch (error) {
    return `${[program, ...args].join(' ')} failed: ${error instanceof Error ? error.message : String(error)}`;
  }
  await clock.sleep(GOES_DOWN_WITHIN, signal);
  return `${[program, ...args].join(' ')} was run, and the host did not go down in 10 minutes`;
}
