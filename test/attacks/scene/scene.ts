/**
 * What attacks begin with: an infra repo that asks for signed commits, an approver, a stranger, and hosts that judge what they fetch
 * as `host.ts` wires them. All real: Git, OpenSSH, files. It goes when the test ends.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { acceptCommit, remember } from '../../../reconciler/desired/accept.ts';
import { openHost } from '../../../reconciler/host.ts';
import type { HostConfig } from '../../../reconciler/host-config.ts';
import type { Host } from '../../../reconciler/host-ports.ts';
import { type InfraRepo, newInfraRepo } from '../../lab/infra-repo.ts';
import { newKey } from '../../unit/audit/account-lab.ts';

/** A key pair; the private half is a file. */
export type Key = { readonly key: string; readonly publicKey: string };

export type Scene = {
  readonly root: string;
  readonly repo: InfraRepo;
  /** The approver. */
  readonly ada: Key;
  /** The attacker. */
  readonly eve: Key;
  /** The key of the host `builder1`. */
  readonly builder1: Key;
  /** The first commit, signed by Ada. */
  readonly begun: string;
  /** The key of someone else. */
  key(name: string): Promise<Key>;
  /** A host that has followed nothing yet. */
  host(more?: Partial<HostConfig>): Promise<SceneHost>;
};

export type SceneHost = {
  readonly config: HostConfig;
  /** The same host, after its process was started again. */
  restart(): Promise<SceneHost>;
  readonly host: Host;
  /** Asks the remote, and goes by what it may. */
  poll(): Promise<Poll>;
};

export type Poll = {
  /** The commit it goes by. */
  readonly follows: string | null;
  readonly refusal: string | null;
  readonly offline: string | null;
};

export const FLEET = 'apiVersion: boxreeve/v1\nkind: Fleet\ntrust: { requireSignedCommits: true }\n';
export const silent = pino({ level: 'silent' });

/** A folder that goes when the test ends. */
export function scratch(): string {
  const root = mkdtempSync(join(tmpdir(), 'boxreeve-attack-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

export async function openScene(): Promise<Scene> {
  const root = scratch();
  const [repo, ada, eve, builder1] = await Promise.all([
    newInfraRepo(root),
    newKey(root, 'ada'),
    newKey(root, 'eve'),
    newKey(root, 'builder1'),
  ]);
  repo.write('desired-state/fleet.yaml', FLEET);
  repo.write('desired-state/trust/approvers', approver('ada', ada));
  repo.write('desired-state/hosts/builder1.yaml', hostFile('builder1', builder1));
  const begun = await repo.merge('Begin', ada.key);
  return {
    root,
    repo,
    ada,
    eve,
    builder1,
    begun,
    key: (name) => newKey(root, name),
    host: (more) => openSceneHost({ ...configOf(root, repo, builder1), ...more }),
  };
}

/** A line of trust/approvers. @param options such as `namespaces="git"` */
export function approver(name: string, { publicKey }: Key, options = ''): string {
  return `${name}@example.org ${options}${options === '' ? '' : ' '}${publicKey}\n`;
}

export function hostFile(name: string, { publicKey }: Key, guests: readonly string[] = []): string {
  return `kind: Host\nname: ${name}\nauditKey: ${publicKey} ${name}\nguests: [${guests.join(', ')}]\n`;
}

function configOf(root: string, repo: InfraRepo, { key }: Key): HostConfig {
  const home = mkdtempSync(join(root, 'host-'));
  return {
    file: join(home, 'host.yaml'),
    name: 'builder1',
    repo: repo.url,
    auditRepo: null,
    branch: 'main',
    path: 'desired-state',
    stateDir: join(home, 'state'),
    signingKey: key,
    firstCommit: null,
    firstKey: null,
    revokedKeys: [],
    poll: 60_000,
    secrets: {},
    notify: null,
    sendmail: ['false'],
    rebootCommand: ['false'],
    boxesDir: join(home, 'state', 'boxes'),
    downloadLimit: null,
    sftp: { key: null, knownHosts: join(home, 'known_hosts') },
    vagrantHome: join(home, 'vagrant'),
  };
}

async function openSceneHost(config: HostConfig): Promise<SceneHost> {
  mkdirSync(config.stateDir, { recursive: true, mode: 0o700 });
  const host = await openHost(config, silent);
  return {
    config,
    host,
    restart: () => openSceneHost(config),
    poll: async () => {
      const { desired, refusal, offline } = await acceptCommit(host, true);
      if (desired !== null) await remember(host, desired.commit);
      return { follows: desired?.commit ?? null, refusal: refusal?.error.message ?? null, offline };
    },
  };
}
