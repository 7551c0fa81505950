/** An infra repo whose commits must be signed, people with real keys who change it, and a host that judges what they pushed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { type Mirror, openMirror } from '../../reconciler/git/mirror.ts';
import { openTrustCheck, type TrustOptions } from '../../reconciler/trust/trust.ts';
import { type InfraRepo, newInfraRepo } from './infra-repo.ts';

export type Person = { readonly name: string; readonly key: string; readonly publicKey: string };

export type TrustScene = {
  readonly root: string;
  readonly repo: InfraRepo;
  readonly mirror: Mirror;
  /** The first commit: signed by the first of the people. */
  readonly first: string;
  /** Makes a key; a name such as `ada` signs as `ada@example.org`. */
  person(name: string): Promise<Person>;
  /** A line of trust/approvers. */
  line(person: Person, options?: string): string;
  /** Writes trust/approvers with these lines. */
  approvers(...lines: readonly string[]): void;
  /** Commits what was written, signed, on the branch checked out, and pushes nothing; returns the commit. */
  commit(message: string, by: Person | null, date?: string): Promise<string>;
  /** Merges a branch into the one checked out, signed; conflicts are left to `resolve`. */
  merge(branch: string, by: Person | null, resolve?: () => void): Promise<string>;
  git(...args: readonly string[]): Promise<string>;
  /** Pushes HEAD to main by force, as one with push right can. */
  push(): Promise<string>;
  /** What a host that goes by `applied` says of the remote's tip; resolves if it follows. */
  judge(applied: string | null, options?: Partial<TrustOptions>): Promise<void>;
  dispose(): void;
};

/** @param people with full rights, listed in trust/approvers; the first signs the first commit */
export async function openTrustScene(people: readonly string[] = ['ada', 'bo']): Promise<TrustScene> {
  const root = mkdtempSync(join(tmpdir(), 'boxreeve-trust-'));
  const repo = await newInfraRepo(root);
  const made = new Map<string, Person>();

  async function person(name: string): Promise<Person> {
    const known = made.get(name);
    if (known !== undefined) return known;
    const key = join(root, `key-${name}`);
    await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', key]);
    const { stdout } = await execa('ssh-keygen', ['-y', '-f', key]);
    const publicKey = stdout.trim().split(' ').slice(0, 2).join(' ');
    const found = { name: `${name}@example.org`, key, publicKey };
    made.set(name, found);
    return found;
  }

  const line = (who: Person, options = '') =>
    `${who.name} ${options}${options === '' ? '' : ' '}${who.publicKey}`;
  const approvers = (...lines: readonly string[]) =>
    repo.write('desired-state/trust/approvers', `${lines.join('\n')}\n`);
  const signing = (by: Person | null) =>
    by === null
      ? []
      : ['-c', 'gpg.format=ssh', '-c', `user.signingkey=${by.key}`, '-c', 'commit.gpgsign=true'];

  async function commit(message: string, by: Person | null, date?: string): Promise<string> {
    await repo.git('add', '--all');
    // committer dates have no option of their own
    const dated = date === undefined ? [] : ['-c', `alias.dated=!GIT_COMMITTER_DATE='${date}' git`];
    const command = [...signing(by), 'commit', '--quiet', '--allow-empty', '-m', message];
    await (date === undefined ? repo.git(...command) : repo.git(...dated, 'dated', ...command));
    return repo.git('rev-parse', 'HEAD');
  }

  const all = await Promise.all(people.map(person));
  repo.write('desired-state/fleet.yaml', 'kind: Fleet\ntrust: { requireSignedCommits: true }\n');
  approvers(...all.map((who) => line(who)));
  const first = await commit('Begin', all[0] ?? null);
  await repo.git('push', '--quiet', 'origin', 'HEAD:main');
  const gitDir = join(root, 'mirror.git');
  const log = { info: () => undefined, debug: () => undefined };
  const mirror = await openMirror({
    gitDir,
    remote: repo.url,
    branch: 'main',
    path: 'desired-state',
    log,
    alone: true,
  });
  await mirror.fetch();

  return {
    root,
    repo,
    mirror,
    first,
    person,
    line,
    approvers,
    commit,
    merge: async (branch, by, resolve) => {
      const args = [...signing(by), 'merge', '--quiet', '--no-ff', '-m', `Merge ${branch}`, branch];
      if (resolve === undefined) await repo.git(...args);
      else {
        await repo.git('merge', '--quiet', '--no-ff', '--no-commit', branch).catch(() => undefined);
        resolve();
        await repo.git('add', '--all');
        await repo.git(...signing(by), 'commit', '--quiet', '-m', `Merge ${branch}`);
      }
      return repo.git('rev-parse', 'HEAD');
    },
    git: (...args) => repo.git(...args),
    push: async () => {
      await repo.git('push', '--quiet', '--force', 'origin', 'HEAD:main');
      return repo.git('rev-parse', 'HEAD');
    },
    judge: async (applied, options = {}) => {
      const tip = await mirror.fetch();
      const trust = openTrustCheck({
        gitDir,
        path: 'desired-state',
        firstCommit: null,
        firstKey: null,
        revokedKeys: [],
        now: Date.now,
        ...options,
      });
      await trust.check(tip, applied);
    },
    dispose: () => rmSync(root, { recursive: true, force: true }),
  };
}
