/** The alternative that anyone would script: all hosts commit to one branch, and rebase when another was faster. */
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Server } from './servers.ts';

export type SharedBranch = {
  /** Until all hosts had their commit on the branch, or until time was up: then it is the least that it takes. Milliseconds. */
  readonly took: number;
  /** Hosts whose commit is on the branch by then. */
  readonly arrived: number;
};

/** @param limit after so many milliseconds it is ended */
export async function measureSharedBranch(
  server: Server,
  root: string,
  hosts: number,
  limit: number,
): Promise<SharedBranch> {
  const env = { ...process.env, ...server.env, ...PEOPLE };
  const template = join(root, 'shared');
  await execa('git', ['clone', '--quiet', '--branch=shared', server.url, template], { env });
  const folders = Array.from({ length: hosts }, (_, index) => join(root, `shared-${index}`));
  for (const [index, folder] of folders.entries()) {
    cpSync(template, folder, { recursive: true });
    writeFileSync(join(folder, `host${index}.json`), `{ "host": ${index} }\n`);
  }
  const start = performance.now();
  const runs = folders.map((folder) => execa('bash', ['-c', SCRIPT], { cwd: folder, env, ...OWN_GROUP }));
  const running = new Set(runs.flatMap(({ pid }) => pid ?? []));
  const all = runs.map(async (run) => {
    await run;
    if (run.pid !== undefined) running.delete(run.pid);
  });
  const timer = setTimeout(() => running.forEach(endGroup), limit);
  await Promise.all(all);
  clearTimeout(timer);
  const took = performance.now() - start;
  // as the server has it: of one that was ended in the middle nobody else knows
  await execa('git', ['fetch', '--quiet', 'origin', 'shared'], { cwd: template, env });
  const { stdout } = await execa('git', ['rev-list', '--count', 'HEAD..FETCH_HEAD'], { cwd: template, env });
  return { took, arrived: Number(stdout) };
}

const SCRIPT = `git add --all && git commit --quiet -m record
until git push --quiet origin HEAD:shared 2>/dev/null; do git pull --quiet --rebase origin shared 2>/dev/null || sleep 0.1; done`;

const OWN_GROUP = {
  detached: true,
  reject: false,
  stdin: 'ignore',
  stdout: 'ignore',
  stderr: 'ignore',
} as const;

const PEOPLE = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'host',
  GIT_AUTHOR_EMAIL: 'host@example.org',
  GIT_COMMITTER_NAME: 'host',
  GIT_COMMITTER_EMAIL: 'host@example.org',
};

/** The script with the Git that it waits for. */
function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // it ended by itself in this moment
  }
}
