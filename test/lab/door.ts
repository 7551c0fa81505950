/** A self-hosted server with the shipped hook at its door: a bare repository, a fleet whose commits must be signed, its hosts. */
import { copyFileSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { type AccountHost, type AccountLab, newKey, openAccountLab } from '../unit/audit/account-lab.ts';
import { writeHost } from './desired-state.ts';

const ROOT = join(import.meta.dirname, '..', '..');
export const BOXREEVE = join(ROOT, 'bin', 'boxreeve');

export type Key = { readonly key: string; readonly publicKey: string };
export type Push = { readonly ok: boolean; readonly said: string };

export type DoorLab = AccountLab & {
  readonly ada: Key;
  /** A host of the fleet. */
  member(name: string): AccountHost;
  /** `git push origin <specs>` from the work tree of the people, as they see it. */
  push(specs: readonly string[], env?: Readonly<Record<string, string>>): Promise<Push>;
  /** Commits all that lies in the work tree, signed if there is a key; returns the commit. */
  commit(message: string, key?: string): Promise<string>;
  /** All refs of the server, `<id> <name>`. */
  refs(): Promise<string>;
  /** Whether anything of it is on the server, taken or in quarantine. */
  has(id: string): Promise<boolean>;
};

const FLEET = 'apiVersion: boxreeve/v1\nkind: Fleet\ntrust: { requireSignedCommits: true }\n';

/** @param names the fleet's hosts, each with its key on the watched branch */
export async function openDoorLab(names: readonly string[], fleet = FLEET): Promise<DoorLab> {
  const lab = await openAccountLab();
  const { repo } = lab;
  const ada = await newKey(lab.root, 'ada');
  const hosts = new Map<string, AccountHost>();
  repo.write('desired-state/fleet.yaml', fleet);
  repo.write('desired-state/trust/approvers', `ada@example.org ${ada.publicKey}\n`);
  for (const name of names) {
    const host = await lab.host(name);
    hosts.set(name, host);
    writeHost(repo, host, []);
  }
  await repo.merge('Begin', ada.key);
  await installHook(repo.url);
  return {
    ...lab,
    ada,
    member: (name) => {
      const host = hosts.get(name);
      if (host === undefined) throw new Error(`the lab has no host ${name}`);
      return host;
    },
    push: (specs, env = {}) => pushFrom(repo.folder, 'origin', specs, env),
    commit: async (message, key) => {
      const signing = key === undefined ? ['-c', 'commit.gpgsign=false'] : signedBy(key);
      await repo.git('add', '--all');
      await repo.git(...signing, 'commit', '--quiet', '--allow-empty', '-m', message);
      return repo.git('rev-parse', 'HEAD');
    },
    refs: () => repo.remoteGit('for-each-ref', '--format=%(objectname) %(refname)'),
    has: async (id) => {
      const { exitCode } = await execa('git', ['cat-file', '-e', id], { cwd: repo.url, reject: false });
      return exitCode === 0 || quarantines(repo.url).length > 0;
    },
  };
}

export async function pushFrom(
  cwd: string,
  remote: string,
  specs: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Push> {
  const { exitCode, stderr } = await execa('git', ['push', remote, ...specs], {
    cwd,
    env: { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', ...env },
    reject: false,
  });
  // Git fills lines from the other side up with spaces
  return { ok: exitCode === 0, said: stderr.replaceAll(/ +$/gm, '') };
}

export function signedBy(key: string): readonly string[] {
  return ['-c', 'gpg.format=ssh', '-c', `user.signingkey=${key}`, '-c', 'commit.gpgsign=true'];
}

/** As docs/how-to/protect-the-repository.md says. */
export async function installHook(bare: string): Promise<void> {
  copyFileSync(join(ROOT, 'hooks', 'git', 'pre-receive'), join(bare, 'hooks', 'pre-receive'));
  await execa('git', ['config', 'boxreeve.command', BOXREEVE], { cwd: bare });
}

/** Folders in which Git keeps what is not let in yet; they are gone when a push has ended. */
function quarantines(bare: string): readonly string[] {
  if (!existsSync(join(bare, 'objects'))) return [];
  return readdirSync(join(bare, 'objects')).filter((name) => /^(?:incoming|tmp_objdir)/.test(name));
}
