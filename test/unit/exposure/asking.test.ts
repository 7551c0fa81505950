/** What is asked of ports and guests, over real sockets of this machine's loopback. */
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttp } from 'node:http';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostKeyDigest } from '../../../reconciler/apply/ssh.ts';
import { examine } from '../../../reconciler/exposure/examine.ts';
import { listeningBeyondLoopback, reachableAt } from '../../../reconciler/exposure/listening-now.ts';
import { tryLogIns } from '../../../reconciler/exposure/log-in.ts';
import { offeredKey } from '../../../reconciler/exposure/offered-key.ts';
import { wellKnownKeys } from '../../../reconciler/exposure/well-known-keys.ts';

let folder: string;
let hostKey: string;
let digest: string;
/** As Vagrant keeps them: the same key twice, and another. */
let vagrantHome: string;
const servers: { close(): unknown }[] = [];

async function keyIn(name: string): Promise<string> {
  const file = join(folder, name);
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
  return readFile(file, 'utf8');
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boxreeve-exposure-'));
  hostKey = await keyIn('host');
  const [, blob] = (await readFile(join(folder, 'host.pub'), 'utf8')).split(' ');
  digest = hostKeyDigest(Buffer.from(blob ?? '', 'base64'));
  vagrantHome = join(folder, 'home');
  await mkdir(join(vagrantHome, 'insecure_private_keys'), { recursive: true });
  const [first, second] = [await keyIn('first'), await keyIn('second')];
  await writeFile(join(vagrantHome, 'insecure_private_key'), first);
  await writeFile(join(vagrantHome, 'insecure_private_keys', 'vagrant.key.rsa'), first);
  await writeFile(join(vagrantHome, 'insecure_private_keys', 'vagrant.key.ed25519'), second);
});
afterAll(async () => {
  for (const server of servers) server.close();
  await rm(folder, { recursive: true, force: true });
});

async function listening(server: Server): Promise<number> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return portOf(server.address());
}

function portOf(address: ReturnType<Server['address']>): number {
  return typeof address === 'object' && address !== null ? address.port : 0;
}

type Asked = { readonly user: string; readonly method: string };

/** An SSH server that takes the methods named, lets in by those of `accepts`, and notes what it was asked. */
async function sshServer(offers: readonly Method[], accepts: readonly Method[]) {
  const asked: Asked[] = [];
  let connections = 0;
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (connection) => {
    connections += 1;
    connection.on('error', () => undefined);
    connection.on('authentication', (login) => {
      asked.push({ user: login.username, method: login.method });
      if (accepts.some((each) => each === login.method)) login.accept();
      else login.reject([...offers]);
    });
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server.address());
  const ssh = { host: '127.0.0.1', port, user: 'vagrant', identityFiles: [], hostKey: digest };
  return { ssh, asked, connections: () => connections };
}

type Method = 'none' | 'publickey' | 'password' | 'keyboard-interactive';

describe('the sockets of this machine', () => {
  it('are those that are bound beyond loopback, and are asked at an address where they answer', async () => {
    const [open, inner] = [createServer((socket) => socket.end('SSH-2.0-x\r\n')), createServer()];
    const closed = await listening(inner);
    servers.push(open.listen(0, '0.0.0.0'));
    await once(open, 'listening');
    const found = await listeningBeyondLoopback();
    const at = found.find(({ port }) => port === portOf(open.address()));
    expect(at?.address).toBe('0.0.0.0');
    expect(found.some(({ port, address }) => port === closed && address === '127.0.0.1')).toBe(false);
    expect(await offeredKey(reachableAt(at ?? NOWHERE), at?.port ?? 0)).toMatchObject({ state: 'unknown' });
  });

  it('are asked at one of the host’s own addresses, with the interface where an address is no use without', () => {
    const v4 = { family: 'IPv4', netmask: '', mac: '', cidr: null } as const;
    const v6 = { family: 'IPv6', netmask: '', mac: '', cidr: null } as const;
    const lo = [{ ...v4, address: '127.0.0.1', internal: true }];
    const eth0 = [
      { ...v4, address: '192.0.2.5', internal: false },
      { ...v6, address: 'fe80::1', internal: false, scopeid: 2 },
    ];
    const at = (address: string) => reachableAt({ address, port: 22 }, { lo, eth0 });
    expect(['0.0.0.0', '::', 'fe80::1', '192.0.2.5'].map(at)).toEqual([
      '192.0.2.5',
      '192.0.2.5',
      'fe80::1%eth0',
      '192.0.2.5',
    ]);
    expect(reachableAt({ address: '0.0.0.0', port: 22 }, { lo })).toBe('127.0.0.1');
  });
});

const NOWHERE = { address: 'nowhere', port: 0 };

describe('a port', () => {
  it('that speaks SSH shows its host key, and is not logged in to', async () => {
    const { ssh, asked } = await sshServer(['publickey'], []);
    expect(await offeredKey(ssh.host, ssh.port)).toEqual({ state: 'ssh', hostKey: digest });
    expect(asked).toEqual([]);
  });

  it('that waits to be spoken to is no SSH, and is told nothing', async () => {
    let heard = '';
    const port = await listening(createServer((socket) => socket.on('data', (chunk) => (heard += chunk))));
    expect(await offeredKey('127.0.0.1', port)).toEqual({ state: 'no-ssh' });
    expect(await offeredKey('127.0.0.1', await listening(createHttp()))).toEqual({ state: 'no-ssh' });
    expect(heard).toBe('');
  });

  it('that greets as SSH and goes away leaves it unknown whose it is', async () => {
    const port = await listening(createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')));
    expect(await offeredKey('127.0.0.1', port)).toMatchObject({ state: 'unknown' });
  });

  it('that was closed meanwhile is no SSH', async () => {
    const server = createServer();
    const port = await listening(server);
    server.close();
    await once(server, 'close');
    expect(await offeredKey('127.0.0.1', port)).toEqual({ state: 'no-ssh' });
  });
});

describe('the log-ins that are tried', () => {
  it('are each of the keys and the password once, over one connection, where all are refused', async () => {
    const { ssh, asked, connections } = await sshServer(['publickey', 'password'], []);
    const keys = await wellKnownKeys(vagrantHome);
    expect(await tryLogIns(ssh, 'vagrant', keys)).toEqual({
      key: { state: 'refused' },
      password: { state: 'refused' },
    });
    expect(asked.map(({ method }) => method)).toEqual(['none', 'publickey', 'publickey', 'password']);
    expect(connections()).toBe(1);
  });

  it('find a key that is let in, and then still try the password', async () => {
    const { ssh } = await sshServer(['publickey', 'password'], ['publickey', 'password']);
    expect(await tryLogIns(ssh, 'vagrant', await wellKnownKeys(vagrantHome))).toEqual({
      key: { state: 'let-in', how: 'insecure_private_key' },
      password: { state: 'let-in', how: 'password "vagrant"' },
    });
  });

  it('try no password where none is taken', async () => {
    const { ssh, asked } = await sshServer(['publickey'], ['password']);
    expect(await tryLogIns(ssh, 'vagrant', [])).toEqual({
      key: { state: 'refused' },
      password: { state: 'refused' },
    });
    expect(asked.map(({ method }) => method)).toEqual(['none']);
  });

  it('find a guest that lets anybody in with nothing at all', async () => {
    const { ssh } = await sshServer([], ['none']);
    expect(await tryLogIns(ssh, 'vagrant', [])).toMatchObject({
      key: { state: 'unknown' },
      password: { state: 'let-in', how: 'no password at all' },
    });
  });

  it('show nothing to a machine that has another host key than the guest', async () => {
    const { ssh, asked } = await sshServer(['password'], ['password']);
    const other = { ...ssh, hostKey: 'another' };
    expect(await tryLogIns(other, 'vagrant', [])).toMatchObject({
      key: { state: 'unknown' },
      password: { state: 'unknown' },
    });
    expect(asked).toEqual([]);
  });
});

describe('a guest', () => {
  it('is found on a listening port by its host key, and closed otherwise', async () => {
    const guest = await sshServer(['publickey'], []);
    const found = await examine([{ guest: 'agent', ssh: guest.ssh }], {
      vagrantHome,
      listening: async () => [{ address: '127.0.0.1', port: guest.ssh.port }],
    });
    expect(found.get('agent')).toEqual({
      violations: [
        { kind: 'ssh-beyond-host', detail: expect.stringContaining(`127.0.0.1:${guest.ssh.port}`) },
      ],
      unknown: [],
    });
  });

  it('is not taken for one that refuses the well-known keys where there are none to try', async () => {
    const { ssh } = await sshServer(['publickey'], []);
    const found = await examine([{ guest: 'agent', ssh }], {
      vagrantHome: join(folder, 'nowhere'),
      listening: async () => [],
    });
    expect(found.get('agent')).toEqual({
      violations: [],
      unknown: [{ kind: 'insecure-key', detail: expect.stringContaining('none of') }],
    });
  });

  it('of which nothing can be told is unknown in everything, and fine in nothing', async () => {
    const { ssh } = await sshServer(['publickey'], []);
    const found = await examine([{ guest: 'agent', ssh: { ...ssh, hostKey: 'another' } }], {
      vagrantHome: join(folder, 'nowhere'),
      listening: () => Promise.reject(new Error('no netstat')),
    });
    expect(found.get('agent')?.violations).toEqual([]);
    expect(found.get('agent')?.unknown.map(({ kind }) => kind)).toEqual([
      'ssh-beyond-host',
      'insecure-key',
      'password-login',
    ]);
  });
});
