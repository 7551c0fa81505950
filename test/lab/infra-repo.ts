/** A throwaway infra repo with real git: a bare remote, and a work tree in which "people" commit and merge. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execa } from 'execa';

export type InfraRepo = {
  /** The bare remote, a path. */
  readonly url: string;
  /** The work tree of the people who merge. */
  readonly folder: string;
  write(path: string, content: string): void;
  remove(path: string): void;
  /** Commits everything and pushes it to `main`; returns the commit. */
  merge(message: string, signingKey?: string): Promise<string>;
  /** Merges a branch that somebody else has pushed, as a person does with a pull request. */
  mergeBranch(branch: string, message: string): Promise<void>;
  /** Git in the work tree; returns standard output. */
  git(...args: string[]): Promise<string>;
  /** Git in the bare remote. */
  remoteGit(...args: string[]): Promise<string>;
};

/** Nothing of the machine's own Git configuration may change what a test sees. */
const ENVIRONMENT = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Ada Approver',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_COMMITTER_NAME: 'Ada Approver',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
};

export async function newInfraRepo(root: string): Promise<InfraRepo> {
  const url = join(root, 'infra.git');
  const folder = join(root, 'infra');
  const run = async (cwd: string, args: readonly string[]) =>
    (await execa('git', args, { cwd, env: ENVIRONMENT })).stdout;
  mkdirSync(folder, { recursive: true });
  await run(root, ['init', '--quiet', '--bare', '--initial-branch=main', url]);
  await run(root, ['init', '--quiet', '--initial-branch=main', folder]);
  await run(folder, ['remote', 'add', 'origin', url]);
  return {
    url,
    folder,
    write: (path, content) => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    },
    remove: (path) => rmSync(join(folder, path), { recursive: true }),
    merge: async (message, signingKey) => {
      await run(folder, ['add', '--all']);
      const signing =
        signingKey === undefined
          ? []
          : ['-c', 'gpg.format=ssh', '-c', `user.signingkey=${signingKey}`, '-c', 'commit.gpgsign=true'];
      await run(folder, [...signing, 'commit', '--quiet', '--allow-empty', '-m', message]);
      await run(folder, ['push', '--quiet', 'origin', 'HEAD:main']);
      return run(folder, ['rev-parse', 'HEAD']);
    },
    mergeBranch: async (branch, message) => {
      await run(folder, ['fetch', '--quiet', 'origin']);
      await run(folder, ['merge', '--quiet', '--no-ff', '-m', message, `origin/${branch}`]);
      await run(folder, ['push', '--quiet', 'origin', 'HEAD:main']);
    },
    git: (...args) => run(folder, args),
    remoteGit: (...args) => run(url, args),
  };
}
