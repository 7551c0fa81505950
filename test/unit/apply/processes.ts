/** Real processes for tests: started in a session of their own, known by their numbers, ended at the end. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import {
  type ProcessIdentity,
  processStart,
  readProcess,
} from '../../../reconciler/apply/process-identity.ts';

export type Scene = ReturnType<typeof openScene>;

export function openScene() {
  const folder = mkdtempSync(join(tmpdir(), 'boxreeve-processes-'));
  const started: ProcessIdentity[] = [];

  function identity(pid: number): ProcessIdentity {
    const found = { pid, startedAt: readProcess(pid)?.startedAt ?? 'it was gone at once' };
    started.push(found);
    return found;
  }

  return {
    folder,
    path: (name: string) => join(folder, name),
    /** Runs a script as leader of a session. */
    start: (script: string): ProcessIdentity => {
      const child = spawn('/bin/sh', ['-c', script], { cwd: folder, detached: true, stdio: 'ignore' });
      return identity(child.pid ?? 0);
    },
    /** Waits for a script to write a process number into a file of the folder. */
    written: async (name: string): Promise<ProcessIdentity> => {
      for (;;) {
        const path = join(folder, name);
        const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
        if (text.endsWith('\n')) return identity(Number(text));
        await wait(10);
      }
    },
    close: () => {
      for (const each of started) if (lives(each)) process.kill(each.pid, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function lives({ pid, startedAt }: ProcessIdentity): boolean {
  return processStart(pid) === startedAt;
}

export async function untilGone(identity: ProcessIdentity): Promise<void> {
  while (lives(identity)) await wait(10);
}
