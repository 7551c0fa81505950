/** Boxes read from another host, whose sshd is set up as `boxreeve init --sshd` says. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, onTestFinished } from 'vitest';
import { openPeer, type PeerSource } from '../../reconciler/boxes/peers/peer-source.ts';
import { type SourceBody, SourceMissed } from '../../reconciler/boxes/sources/source.ts';
import { type PeerHost, startPeerHost } from '../lab/peer-host.ts';

const SHA = 'ab'.repeat(32);
/** More than is under way at a time, and no multiple of anything. */
const CONTENT = randomBytes(3_333_333);
const ALL = { from: 0, to: null, validator: null };
const { signal } = new AbortController();

let host: PeerHost;

beforeAll(async () => {
  host = await startPeerHost();
});
afterAll(() => host.stop());
afterEach(() => {
  for (const name of readdirSync(host.boxesDir)) rmSync(join(host.boxesDir, name), { recursive: true });
});

function put(ending: string, content: Uint8Array | string): void {
  writeFileSync(join(host.boxesDir, `${SHA}${ending}`), content);
}

function source(more: Partial<PeerHost['peer']> = {}, key = host.key): PeerSource {
  const opened = openPeer({ ...host.peer, ...more }, SHA, key);
  onTestFinished(opened.close);
  return opened;
}

async function bytesOf({ chunks, close }: SourceBody): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of chunks) parts.push(part);
  close();
  return Buffer.concat(parts);
}

it('a whole box is read, from anywhere to anywhere, over one connection', async () => {
  put('.box', CONTENT);
  const peer = source();
  expect(await peer.have(52, signal)).toBe('all');
  const body = await peer.open(ALL, signal);
  expect([body.from, body.size]).toEqual([0, CONTENT.length]);
  expect((await bytesOf(body)).equals(CONTENT)).toBe(true);
  for (const [from, to] of [
    [0, 1],
    [32_768, 98_304],
    [1_000_001, 3_333_333],
    [7, 7],
  ] as const) {
    const part = await bytesOf(await peer.open({ from, to, validator: null }, signal));
    expect(part.equals(CONTENT.subarray(from, to))).toBe(true);
  }
});

it('of a box that the peer is still fetching, it says which chunks it has, and gives what lies there', async () => {
  put('.box.partial', CONTENT);
  put('.box.have', Buffer.from([0b101, 0b1]));
  put('.chunks', 'the list');
  const peer = source();
  expect(await peer.have(10, signal)).toEqual(Buffer.from([0b101, 0b1]));
  expect(await peer.list(signal)).toEqual(Buffer.from('the list'));
  const part = await bytesOf(await peer.open({ from: 1000, to: 2000, validator: null }, signal));
  expect(part.equals(CONTENT.subarray(1000, 2000))).toBe(true);
});

it('what is not whole is never given as a whole', async () => {
  put('.box.partial', CONTENT);
  await expect(source().open(ALL, signal)).rejects.toThrow('has nothing of it now');
});

it('a peer that has nothing of the box says so', async () => {
  const peer = source();
  expect(await peer.have(10, signal)).toBeNull();
  expect(await peer.list(signal)).toBeNull();
  await expect(peer.open({ from: 0, to: 5, validator: null }, signal)).rejects.toThrow(SourceMissed);
});

it('a map of another number of chunks says nothing', async () => {
  put('.box.have', Buffer.from([1, 1, 1]));
  expect(await source().have(10, signal)).toBeNull();
});

it('a partial that becomes the box while it is read is read to its end, and found under its new name', async () => {
  put('.box.partial', CONTENT);
  put('.box.have', Buffer.from([1]));
  const peer = source();
  const body = await peer.open({ from: 0, to: CONTENT.length, validator: null }, signal);
  renameSync(join(host.boxesDir, `${SHA}.box.partial`), join(host.boxesDir, `${SHA}.box`));
  rmSync(join(host.boxesDir, `${SHA}.box.have`));
  expect((await bytesOf(body)).equals(CONTENT)).toBe(true);
  expect(await peer.have(8, signal)).toBe('all');
  const part = await bytesOf(await peer.open({ from: 5, to: 10, validator: null }, signal));
  expect(part.equals(CONTENT.subarray(5, 10))).toBe(true);
});

it('more than the peer has is a miss', async () => {
  put('.box', 'short');
  await expect(source().open({ from: 0, to: 1000, validator: null }, signal)).rejects.toThrow(
    'has 5 bytes of it, and was asked for those from 0 to 1000',
  );
});

it('a server with another host key than Git has is not talked to', async () => {
  put('.box', CONTENT);
  const hostKey = host.server.hostKey.replace(/.{6}$/, 'AAAAAA');
  await expect(source({ hostKey }).have(1, signal)).rejects.toThrow(
    'shows another host key than `peer.hostKey` of hosts/builder1.yaml: it is not talked to',
  );
});

it('a host whose key the peer does not know yet is told why, and is let in once it does', async () => {
  put('.box', CONTENT);
  const peer = source({}, join(host.root, 'unused'));
  await expect(peer.have(1, signal)).rejects.toThrow('builder1 does not let this host in as nobody');
  const keys = ['key.pub', 'unused.pub'].map((name) => readFileSync(join(host.root, name), 'utf8'));
  host.admit(keys);
  expect(await peer.have(1, signal)).toBe('all');
});

it('a link out of the folder, a pipe and a folder are no box, and the connection is of use afterwards', async () => {
  const peer = source();
  symlinkSync('/etc/passwd', join(host.boxesDir, `${SHA}.box`));
  await expect(peer.have(1, signal)).rejects.toThrow('is not a file');
  rmSync(join(host.boxesDir, `${SHA}.box`));
  // whoever opens it waits for a writer, for ever
  execFileSync('mkfifo', [join(host.boxesDir, `${SHA}.box`)]);
  await expect(peer.open(ALL, signal)).rejects.toThrow('is not a file');
  rmSync(join(host.boxesDir, `${SHA}.box`));
  execFileSync('mkdir', [join(host.boxesDir, `${SHA}.chunks`)]);
  await expect(peer.list(signal)).rejects.toThrow('is not a file');
  put('.box', CONTENT);
  expect(await peer.have(1, signal)).toBe('all');
});

it('a connection that was ended is made anew when something is asked for', async () => {
  put('.box', CONTENT);
  const peer = source();
  expect(await peer.have(1, signal)).toBe('all');
  peer.close();
  expect(await peer.have(1, signal)).toBe('all');
});

it('an abort ends what is read, at once', async () => {
  put('.box', CONTENT);
  const stop = new AbortController();
  const body = await source().open(ALL, stop.signal);
  const reading = bytesOf(body);
  stop.abort(new Error('enough'));
  await expect(reading).rejects.toThrow('enough');
});
