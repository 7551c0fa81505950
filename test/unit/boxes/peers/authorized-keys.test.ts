import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { peerGate } from '../../../../reconciler/boxes/peers/authorized-keys.ts';
import { type Mirror, openMirror } from '../../../../reconciler/git/mirror.ts';
import { type InfraRepo, newInfraRepo } from '../../../lab/infra-repo.ts';
import { newKey } from '../../audit/account-lab.ts';

const silent = { info: () => undefined, warn: () => undefined, debug: () => undefined };

let root: string;
let repo: InfraRepo;
let mirror: Mirror;
let file: string;
let keys: Readonly<Record<'a' | 'b' | 'c' | 'd', string>>;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'boxreeve-peers-'));
  repo = await newInfraRepo(root);
  repo.write('desired-state/fleet.yaml', 'kind: Fleet\n');
  file = join(root, 'state', 'peers', 'authorized_keys');
  const made = await Promise.all(['a', 'b', 'c', 'd'].map((name) => newKey(root, name)));
  const [a = '', b = '', c = '', d = ''] = made.map(({ publicKey }) => publicKey);
  keys = { a, b, c, d };
  mirror = await openMirror({ ...place(), remote: repo.url, branch: 'main', log: silent, alone: true });
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function place() {
  return { gitDir: join(root, 'mirror.git'), path: 'desired-state' };
}

/** A host's file. @param more lines of YAML */
function host(name: string, key: string, more = ''): void {
  repo.write(
    `desired-state/hosts/${name}.yaml`,
    `kind: Host\nname: ${name}\nauditKey: ${key} ${name}\nguests: []\n${more}`,
  );
}

const serving = () => `peer: { address: a.example, hostKey: ${keys.a} }\n`;

function gate(revokedKeys: readonly string[] = []): (commit: string) => Promise<void> {
  const config = { name: 'a', path: place().path, revokedKeys };
  return peerGate({ config, gitDir: place().gitDir, mirror, file, log: silent });
}

/** Merges what was written, and lets the gate see it. */
async function follow(admit = gate()): Promise<string> {
  await repo.merge('Change');
  const commit = await mirror.fetch();
  await admit(commit);
  return commit;
}

/** The keys that are let in, by the letters of this test. */
function admitted(): string {
  const text = readFileSync(file, 'utf8');
  return Object.entries(keys)
    .flatMap(([name, key]) => (text.includes(key) ? [name] : []))
    .join('');
}

it('lets in each host of the fleet by its key, and by the one that is about to follow', async () => {
  host('a', keys.a, serving());
  host('b', keys.b, `nextAuditKey: ${keys.c} soon\n`);
  await follow();
  expect(admitted()).toBe('abc');
  const [mark, ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n');
  expect(mark).toMatch(/^# /);
  const least = /^restrict,command="internal-sftp -R" ssh-ed25519 [A-Za-z0-9+/]+={0,2}$/;
  expect(lines.filter((line) => !least.test(line))).toEqual([]);
  expect(lines).toHaveLength(3);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

it('shuts out a key as soon as its host has revoked it, wherever else it stands', async () => {
  host('a', keys.a, serving());
  host('b', keys.b);
  await follow();
  expect(admitted()).toBe('ab');
  host('b', keys.c, `revokedAuditKeys: [{ key: ${keys.b} }]\n`);
  host('d', keys.b);
  await follow();
  expect(admitted()).toBe('ac');
});

it('shuts out a key that host.yaml revokes, though the repository did not change', async () => {
  host('a', keys.a, serving());
  host('b', keys.b);
  const commit = await follow();
  await gate([`${keys.b} stolen`])(commit);
  expect(admitted()).toBe('a');
});

it('shuts out a host that left the fleet', async () => {
  host('a', keys.a, serving());
  host('b', keys.b);
  await follow();
  repo.remove('desired-state/hosts/b.yaml');
  await follow();
  expect(admitted()).toBe('a');
});

it('lets in nobody where the host itself is no peer, and nobody any more when it stops being one', async () => {
  host('a', keys.a);
  host('b', keys.b);
  await follow();
  expect(() => readFileSync(file)).toThrow('ENOENT');
  host('a', keys.a, serving());
  await follow();
  expect(admitted()).toBe('ab');
  host('a', keys.a);
  await follow();
  expect(() => readFileSync(file)).toThrow('ENOENT');
});

it('goes on without a host whose file cannot be read', async () => {
  host('a', keys.a, serving());
  host('b', keys.b);
  repo.write('desired-state/hosts/c.yaml', `auditKey: [${keys.c}\n`);
  repo.write('desired-state/hosts/d.yaml', 'auditKey: { ssh: rsa }\n');
  await follow();
  expect(admitted()).toBe('ab');
});

it('is not written again by a commit that leaves the hosts as they are, also by another process', async () => {
  host('a', keys.a, serving());
  await follow();
  const before = statSync(file).ino;
  repo.write('desired-state/guests/x/guest.yaml', 'kind: Guest\n');
  await follow(gate());
  expect(statSync(file).ino).toBe(before);
  host('b', keys.b);
  await follow();
  expect(statSync(file).ino).not.toBe(before);
});

it('tries again at the next call when it could not write, and says why not', async () => {
  host('a', keys.a, serving());
  await repo.merge('Begin');
  const commit = await mirror.fetch();
  const said: unknown[] = [];
  const config = { name: 'a', path: place().path, revokedKeys: [] };
  const log = { info: () => undefined, warn: (...words: readonly unknown[]) => said.push(...words) };
  repo.write('in-the-way', '');
  const target = join(repo.folder, 'in-the-way', 'authorized_keys');
  const admit = peerGate({ config, gitDir: place().gitDir, mirror, file: target, log });
  await admit(commit);
  expect(said.join(' ')).toContain('could not be brought up to date');
  rmSync(join(repo.folder, 'in-the-way'));
  await admit(commit);
  expect(readFileSync(target, 'utf8')).toContain(keys.a);
});
