/** Commits that no porcelain of Git would make. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import type { InfraRepo } from '../../lab/infra-repo.ts';
import type { Key } from './scene.ts';

/** Options of Git by which the next commit is signed. */
export function signedBy({ key }: Key): readonly string[] {
  return ['-c', 'gpg.format=ssh', '-c', `user.signingkey=${key}`, '-c', 'commit.gpgsign=true'];
}

/** A signed commit of any tree. @param entries lines as `git ls-tree` prints them */
export async function signedCommit(
  repo: InfraRepo,
  signer: Key,
  parents: readonly string[],
  entries: readonly string[],
): Promise<string> {
  const made = await execa('git', ['mktree'], { cwd: repo.folder, input: `${entries.join('\n')}\n` });
  const before = parents.flatMap((parent) => ['-p', parent]);
  return repo.git(...signedBy(signer), 'commit-tree', '-S', ...before, '-m', 'Go on', made.stdout);
}

/** Stores a commit's text as it is given; returns its id. */
export async function storeCommit(repo: InfraRepo, root: string, text: string): Promise<string> {
  const file = join(root, 'commit');
  writeFileSync(file, text);
  return repo.git('hash-object', '-t', 'commit', '-w', '--literally', file);
}

/** Commits what was written, signed, dated as told, on the branch checked out; pushes nothing. Returns the commit. */
export async function commit(
  repo: InfraRepo,
  message: string,
  signer: Key,
  date = new Date().toISOString(),
): Promise<string> {
  await repo.git('add', '--all');
  const args = [...signedBy(signer), 'commit', '--quiet', '--allow-empty', '-m', message];
  const env = { ...NOBODY, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date };
  await execa('git', args, { cwd: repo.folder, env });
  return repo.git('rev-parse', 'HEAD');
}

/** The machine's own configuration is left out, and the commit is in a name that is not the signer's: anyone can write any. */
const NOBODY = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Ada Approver',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_COMMITTER_NAME: 'Ada Approver',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
};

/** A merge of `branch` into the one checked out, signed; with `change`, it has that instead of what follows from its sides. */
export async function merge(
  repo: InfraRepo,
  branch: string,
  signer: Key,
  change?: () => void,
): Promise<string> {
  await repo.git(...signedBy(signer), 'merge', '--quiet', '--no-ff', '-m', `Merge ${branch}`, branch);
  if (change !== undefined) {
    change();
    await repo.git('add', '--all');
    await repo.git(...signedBy(signer), 'commit', '--quiet', '--amend', '--no-edit');
  }
  return repo.git('rev-parse', 'HEAD');
}

/** As one with push right can: by force. */
export async function push(repo: InfraRepo): Promise<void> {
  await repo.git('push', '--quiet', '--force', 'origin', 'HEAD:main');
}
