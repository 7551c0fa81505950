import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openPeer, type PeerSource } from '../../../../reconciler/boxes/peers/peer-source.ts';
import { type Manners, startHostilePeer } from './hostile-peer.ts';

const SHA = 'cd'.repeat(32);
const GIB = 2 ** 30;
const { signal } = new AbortController();

function scratch(): string {
  const root = mkdtempSync(join(tmpdir(), 'boxreeve-hostile-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

async function hostile(manners: Manners, answer = 60_000) {
  const { peer, key, given } = await startHostilePeer(scratch(), manners);
  const source: PeerSource = openPeer(peer, SHA, key, { connect: 20_000, answer });
  onTestFinished(source.close);
  return { source, given };
}

const honest = (length: number) => Buffer.alloc(length);

it('one that never answers is left, and is asked over a new connection the next time', async () => {
  const { source } = await hostile({ size: null, give: honest }, 300);
  await expect(source.have(8, signal)).rejects.toThrow('did not answer within 0.3 s');
  await expect(source.list(signal)).rejects.toThrow('did not answer within 0.3 s');
});

it('one that stops in the middle is left', async () => {
  let questions = 0;
  const give = (length: number) => {
    questions += 1;
    return questions <= 3 ? Buffer.alloc(length) : null;
  };
  // long enough for the honest answers before it, on a busy machine
  const { source } = await hostile({ size: GIB, give }, 2_000);
  const body = await source.open({ from: 0, to: GIB, validator: null }, signal);
  const read = async () => {
    let bytes = 0;
    for await (const part of body.chunks) bytes += part.length;
    return bytes;
  };
  await expect(read()).rejects.toThrow('did not answer within 2 s');
});

it('a file that goes on for ever is read as far as was asked for, and hardly further', async () => {
  const { source, given } = await hostile({ size: 2 ** 50, give: honest });
  const body = await source.open({ from: 0, to: 100_000, validator: null }, signal);
  let bytes = 0;
  for await (const part of body.chunks) bytes += part.length;
  body.close();
  expect([bytes, given()]).toEqual([100_000, 100_000]);
});

it('one that is read no further is asked for no more than was under way', async () => {
  const { source, given } = await hostile({ size: 2 ** 50, give: honest });
  const body = await source.open({ from: 0, to: 2 ** 50, validator: null }, signal);
  for await (const part of body.chunks) {
    expect(part.length).toBe(131_072);
    break;
  }
  body.close();
  // one more answer, after all others
  await source.open({ from: 0, to: 1, validator: null }, signal);
  expect(given()).toBeLessThanOrEqual(2 * 1024 * 1024);
});

it('of more bytes in an answer than were asked for, none is taken', async () => {
  const { source } = await hostile({ size: 10, give: (length) => Buffer.alloc(length + 7) });
  expect(await source.list(signal)).toHaveLength(10);
});

it('answers of a byte each make a whole, and empty ones a miss', async () => {
  const bytewise = await hostile({ size: 5, give: () => Buffer.from('x') });
  expect(await bytewise.source.list(signal)).toEqual(Buffer.from('xxxxx'));
  const empty = await hostile({ size: 5, give: () => Buffer.alloc(0) });
  await expect(empty.source.list(signal)).rejects.toThrow('ended at 0 bytes');
});

it('a list of chunks that is larger than any box has is not read', async () => {
  const { source, given } = await hostile({ size: GIB, give: honest });
  expect(await source.list(signal)).toBeNull();
  expect(given()).toBe(0);
});

it('one that takes connections and says nothing is left in time', async () => {
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    silent.close();
  });
  const address = silent.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  const { peer, key } = await startHostilePeer(scratch(), { size: 1, give: honest });
  const source = openPeer({ ...peer, port }, SHA, key, { connect: 300, answer: 300 });
  await expect(source.have(1, signal)).rejects.toThrow(`127.0.0.1:${port} cannot be reached`);
});

it('one that is not there is a miss', async () => {
  const { peer, key } = await startHostilePeer(scratch(), { size: 1, give: honest });
  const source = openPeer({ ...peer, port: 1 }, SHA, key);
  await expect(source.have(1, signal)).rejects.toThrow('127.0.0.1:1 cannot be reached: ');
});

it('an abort is heard also while the other side says nothing', async () => {
  const { source } = await hostile({ size: null, give: honest });
  const stop = new AbortController();
  const asked = source.have(8, stop.signal);
  stop.abort(new Error('enough'));
  await expect(asked).rejects.toThrow('enough');
});
