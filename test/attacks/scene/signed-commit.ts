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
