/** A real sshd as a child of the test, from its settings file. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { waitFor } from './wait-for.ts';

/**
 * Resolves when it listens; the returned function ends it.
 * @param before words before the program, such as those that put it into a namespace
 */
export async function startSshd(
  settings: string,
  before: readonly string[] = [],
): Promise<() => Promise<void>> {
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const [program = '', ...words] = [...before, '/usr/sbin/sshd', '-D', '-e', '-f', settings];
  const child = spawn(program, words, { stdio: 'pipe' });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await waitFor('sshd that listens', () => {
    if (child.exitCode !== null) throw new Error(`sshd ended: ${said}`);
    return said.includes('Server listening');
  });
  return () => ended(child);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise((resolve) => {
    child.once('exit', resolve);
    child.kill('SIGTERM');
  });
}
