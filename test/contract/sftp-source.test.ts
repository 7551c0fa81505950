/** `sftp://` sources against OpenSSH's own server, known hosts, keys and agent. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type SshIdentity, sftpSource } from '../../reconciler/boxes/sources/sftp.ts';
import { SFTP_LIMITS } from '../../reconciler/boxes/sources/sftp-connection.ts';
import type { Resume, Source } from '../../reconciler/boxes/sources/source.ts';
import { type SshServer, startSshServer } from '../lab/ssh-server.ts';
import { waitFor } from '../lab/wait-for.ts';
import { pseudoRandom } from '../unit/boxes/chunks/pseudo-random.ts';

let root: string;
let server: SshServer;
let key: string;
let knownHosts: string;
const content = pseudoRandom(5_000_000, 7);
const start: Resume = { from: 0, validator: null, to: null };

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'boxreeve-sftp-'));
  for (const name of ['key', 'other']) {
    await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(root, name)]);
  }
  key = join(root, 'key');
  server = await startSshServer(root, [readFileSync(`${key}.pub`, 'utf8').trim()]);
  knownHosts = join(root, 'known_hosts');
  writeFileSync(knownHosts, `[127.0.0.1]:${server.port} ${server.hostKey}\n`);
  writeFileSync(join(root, 'a box'), content);
});
afterAll(async () => {
  await server.stop();
  rmSync(root, { recursive: true, force: true });
});

const addressOf = (path: string, port = server.port) =>
  `sftp://${userInfo().username}@127.0.0.1:${port}${encodeURI(path)}`;
const box = () => addressOf(join(root, 'a box'));

async function read(source: Source, resume = start): Promise<{ from: number; bytes: Buffer }> {
  try {
    const body = await source.open(resume, new AbortController().signal);
    const parts: Uint8Array[] = [];
    for await (const part of body.chunks) parts.push(part);
    body.close();
    return { from: body.from, bytes: Buffer.concat(parts) };
  } finally {
    await source.close();
  }
}

const get = (address: string, resume = start, identity: SshIdentity = { key, knownHosts }) =>
  read(sftpSource(address, identity), resume);

describe('a file by SFTP', () => {
  it('comes whole, from where one is, and in parts', async () => {
    expect((await get(box())).bytes.equals(content)).toBe(true);
    const rest = await get(box(), { from: 4_000_000, validator: null, to: null });
    expect(rest).toEqual({ from: 4_000_000, bytes: content.subarray(4_000_000) });
    const part = await get(box(), { from: 100, validator: null, to: 70_000 });
    expect(part).toEqual({ from: 100, bytes: content.subarray(100, 70_000) });
  });

  it('comes by one connection, however often it is opened', async () => {
    const source = sftpSource(box(), { key, knownHosts });
    const signal = new AbortController().signal;
    const [one, other] = await Promise.all(
      [0, 10].map(async (from) => {
        const body = await source.open({ from, validator: null, to: from + 3 }, signal);
        const parts: Uint8Array[] = [];
        for await (const part of body.chunks) parts.push(part);
        return Buffer.concat(parts);
      }),
    );
    await source.close();
    expect([one, other]).toEqual([content.subarray(0, 3), content.subarray(10, 13)]);
  });

  it('begins anew where another file stands in its place', async () => {
    const file = join(root, 'changing');
    writeFileSync(file, content.subarray(0, 1000));
    const source = sftpSource(addressOf(file), { key, knownHosts });
    const first = await source.open(start, new AbortController().signal);
    first.close();
    await source.close();
    writeFileSync(file, content.subarray(1000, 2000));
    utimesSync(file, 1, 1);
    const again = await get(addressOf(file), { from: 10, validator: first.validator, to: null });
    expect(again).toEqual({ from: 0, bytes: content.subarray(1000, 2000) });
  });

  it('may be named by a link, as `latest.box` may be', async () => {
    symlinkSync(join(root, 'a box'), join(root, 'latest.box'));
    const part = await get(addressOf(join(root, 'latest.box')), { from: 0, validator: null, to: 5 });
    expect(part.bytes).toEqual(content.subarray(0, 5));
  });

  it('may come by a key of the agent', async () => {
    const socket = join(root, 'agent');
    const agent: ChildProcess = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
    try {
      const env = { SSH_AUTH_SOCK: socket };
      await waitFor('an agent', async () => {
        const added = await execa('ssh-add', ['-q', key], { env, reject: false });
        return added.exitCode === 0;
      });
      vi.stubEnv('SSH_AUTH_SOCK', socket);
      const part = await get(box(), { from: 0, validator: null, to: 5 }, { key: null, knownHosts });
      expect(part.bytes).toEqual(content.subarray(0, 5));
    } finally {
      vi.unstubAllEnvs();
      agent.kill();
    }
  });
});

describe('a server by SFTP', () => {
  it('that is not in known_hosts is not talked to, and the way out is named', async () => {
    const empty = join(root, 'empty');
    writeFileSync(empty, '');
    await expect(get(box(), start, { key, knownHosts: empty })).rejects.toThrow(
      `has no key of 127.0.0.1:${server.port}: add what \`ssh-keyscan -p ${server.port} 127.0.0.1\` prints`,
    );
  });

  it('that shows another key is not talked to', async () => {
    const wrong = join(root, 'wrong');
    const other = readFileSync(join(root, 'other.pub'), 'utf8').split(' ').slice(0, 2).join(' ');
    writeFileSync(wrong, `[127.0.0.1]:${server.port} ${other}\n`);
    await expect(get(box(), start, { key, knownHosts: wrong })).rejects.toThrow('shows another host key');
  });

  it('whose key is revoked is not talked to', async () => {
    const revoked = join(root, 'revoked');
    writeFileSync(revoked, `${readFileSync(knownHosts, 'utf8')}@revoked * ${server.hostKey}\n`);
    await expect(get(box(), start, { key, knownHosts: revoked })).rejects.toThrow('is revoked');
  });

  it('is not asked by a key with a passphrase, which nobody is there to type', async () => {
    const locked = join(root, 'locked');
    await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'secret', '-f', locked]);
    const reading = get(box(), start, { key: locked, knownHosts });
    await expect(reading).rejects.toThrow(`the key ${locked} cannot be used`);
  });

  it('that does not know our key says so', async () => {
    const identity = { key: join(root, 'other'), knownHosts };
    await expect(get(box(), start, identity)).rejects.toThrow('put its public half into');
  });

  it('has no such file, or a folder in its place, and is passed over', async () => {
    await expect(get(addressOf(join(root, 'none')))).rejects.toThrow('there is no such file');
    await expect(get(addressOf(root))).rejects.toThrow('there is not a file');
  });

  it('that never says a word is given up', async () => {
    const silent: Server = createServer((socket) => socket.resume());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const known = join(root, 'silent');
    writeFileSync(known, `[127.0.0.1]:${port} ${server.hostKey}\n`);
    const limits = { ...SFTP_LIMITS, connect: 200 };
    try {
      const source = sftpSource(addressOf('/box', port), { key, knownHosts: known }, limits);
      await expect(read(source)).rejects.toThrow('cannot be reached');
    } finally {
      await new Promise((resolve) => silent.close(resolve));
    }
  });

  it('is left at once when the fetch is told to stop', async () => {
    const stop = new AbortController();
    const source = sftpSource(box(), { key, knownHosts });
    const body = await source.open(start, stop.signal);
    const reading = (async () => {
      for await (const _ of body.chunks) stop.abort();
    })();
    await expect(reading).rejects.toThrow(/abort/);
    await source.close();
  });

  it.each([
    ['sftp://user:secret@host/box', 'has a password in it'],
    ['sftp://host', 'is no address of a file'],
    ['sftp://host/%zz', 'is no address of a file'],
  ])('%s is not an address', (address, message) => {
    expect(() => sftpSource(address, { key, knownHosts })).toThrow(message);
  });
});
