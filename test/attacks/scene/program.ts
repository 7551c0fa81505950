/** A program as a host runs it, with secrets that must not be in its output. */
import { type ProcessResult, runProcess } from '../../../reconciler/apply/run-process.ts';
import { createRedactor } from '../../../reconciler/secrets/redactor.ts';

export function run(script: string, secrets: readonly string[]): Promise<ProcessResult> {
  return runProcess({
    program: 'sh',
    args: ['-c', script],
    cwd: '/',
    env: { PATH: process.env.PATH ?? '' },
    timeoutMs: 60_000,
    redactor: createRedactor(secrets),
    onLine: () => {},
  });
}
