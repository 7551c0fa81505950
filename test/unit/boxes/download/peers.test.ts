import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import { BoxUnavailable } from '../../../../reconciler/boxes/fetch.ts';
import type { PeerSource } from '../../../../reconciler/boxes/peers/peer-source.ts';
import { folderPeer } from './folder-peer.ts';
import { type BoxLab, boxLab, range } from './lab.ts';

const CHUNK = 16 * 1024;
const CHUNKS = 256;
const SIZE = CHUNK * CHUNKS;

let lab: BoxLab;
beforeEach(async () => {
  lab = await boxLab(randomBytes(SIZE));
});

function peer(name: string, folder: string, more: Partial<PeerSource> = {}): PeerSource {
  return folderPeer(name, folder, lab.sha256, more);
}

function expectWhole(): void {
  expect(readFileSync(lab.file).equals(lab.content)).toBe(true);
}

function failure(fetching: Promise<unknown>): Promise<unknown> {
  return fetching.then(
    () => 'it came',
    (error: unknown) => error,
  );
}

/** A server that has it all, and its folder. */
async function whole(name: string): Promise<string> {
  const folder = lab.partOf(name, []);
  writeFileSync(join(folder, `${lab.sha256}.box`), lab.content);
  return folder;
}

describe('other hosts', () => {
  test('that have all of it together give it, and no further source is asked', async () => {
    const origin = await lab.server();
    const one = peer('one', lab.partOf('one', range(0, 150)));
    const two = peer('two', lab.partOf('two', range(120, CHUNKS)));
    const { text, stats } = await lab.fetch(lab.box('peers:', origin.url), lab.peers(one, two));
    expectWhole();
    expect(origin.sent()).toBe(0);
    expect(stats.bySource[one.address]).toBeGreaterThanOrEqual(120 * CHUNK);
    expect(stats.bySource[two.address]).toBeGreaterThanOrEqual(106 * CHUNK);
    expect(stats.moved).toBeLessThan(1.02 * SIZE);
    expect(text).toContain(`in all: ${SIZE} bytes in `);
    expect(text).toMatch(/digest right$/);
  });

  test('that have a part are read beside the next source, which gives the rest', async () => {
    const origin = await lab.server();
    origin.manners.rate = 4 * 1024 * 1024;
    const one = peer('one', lab.partOf('one', range(100, CHUNKS)));
    const { text, stats } = await lab.fetch(lab.box('peers:', origin.url), lab.peers(one));
    expectWhole();
    expect(text).toContain('peers:: no other host has all of it now');
    expect(stats.bySource[one.address]).toBeGreaterThan(0);
    expect(stats.bySource[origin.url]).toBeGreaterThanOrEqual(100 * CHUNK);
    expect(stats.moved).toBeLessThan(1.02 * SIZE);
  });

  test('that get something only later are read then', async () => {
    const origin = await lab.server();
    origin.manners.rate = 1024 * 1024;
    const folder = join(dirname(lab.boxes), 'late');
    mkdirSync(folder);
    const late = peer('late', folder);
    const fetching = lab.fetch(lab.box('peers:', origin.url), lab.peers(late));
    while (origin.sent() < SIZE / 10) await wait(5);
    writeFileSync(join(folder, `${lab.sha256}.box`), lab.content);
    const { stats } = await fetching;
    expectWhole();
    expect(stats.bySource[late.address]).toBeGreaterThan(0);
  });

  test('that have nothing, with no further source, are an error at once', async () => {
    const folder = lab.partOf('empty', []);
    const none = peer('none', folder, { have: async () => null });
    expect(await failure(lab.fetch(lab.box('peers:'), lab.peers(none)))).toBeInstanceOf(BoxUnavailable);
  });

  test('take the place of those that fail', async () => {
    const broken = peer('broken', lab.partOf('broken', []), {
      have: () => Promise.reject(new Error('it is switched off')),
    });
    const good = peer('good', await whole('good'));
    const peers = async () => ({ now: [broken], later: [good] });
    writeFileSync(join(lab.boxes, `${lab.sha256}.chunks`), lab.list.bytes);
    const { stats } = await lab.fetch(lab.box('peers:'), { peers });
    expectWhole();
    expect(stats.bySource).toEqual({ [good.address]: SIZE });
  });

  test('of which one does not say whether it has the list are not waited for: the next is asked', async () => {
    const silent = peer('silent', lab.partOf('silent', []), { list: () => new Promise(() => {}) });
    const holder = peer('holder', await whole('holder'));
    const { stats } = await lab.fetch(lab.box('peers:'), { ...lab.peers(silent, holder), stallMs: 600_000 });
    expectWhole();
    expect(stats.bySource[holder.address]).toBe(SIZE);
  });

  test('give a box without a chunk list as a whole, those that have it whole', async () => {
    const part = peer('part', lab.partOf('part', range(0, 200)));
    const good = peer('good', await whole('good'));
    const { chunks: _, ...box } = lab.box('peers:');
    const { text } = await lab.fetch(box, lab.peers(part, good));
    expectWhole();
    expect(text.split('\n')).toEqual([
      `${part.address}: does not have it`,
      `${good.address}: ${SIZE} bytes, digest right`,
    ]);
  });
});

describe('no harm is done by another host that', () => {
  async function besideAGoodOne(bad: PeerSource) {
    const good = peer('good', await whole('good'));
    const shunned = new Set<string>();
    const outcome = await lab.fetch(lab.box('peers:'), { ...lab.peers(bad, good), shunned, stallMs: 300 });
    expectWhole();
    return { ...outcome, shunned };
  }

  test('says that it has what it has not', async () => {
    const lies = { have: async () => Buffer.alloc(CHUNKS / 8, 255) };
    const bad = peer('bad', lab.partOf('bad', range(0, 5)), lies);
    const { shunned, text } = await besideAGoodOne(bad);
    expect([...shunned]).toEqual([`${lab.sha256} ${bad.address}`]);
    expect(text).toContain(`${bad.address}: gave other bytes than are catalogued`);
  });

  test('says that it has all, and has no file', async () => {
    const bad = peer('bad', join(lab.boxes, 'none'), { have: async () => 'all' });
    const { text } = await besideAGoodOne(bad);
    expect(text).not.toContain(`${bad.address}: 0 bytes`);
  });

  test('tells of another number of chunks', async () => {
    const bad = peer('bad', lab.partOf('bad', []), { have: async () => Buffer.alloc(3) });
    await besideAGoodOne(bad);
  });

  test('never says what it has', async () => {
    const bad = peer('bad', lab.partOf('bad', []), { have: () => new Promise(() => {}) });
    await besideAGoodOne(bad);
  });

  test('takes a request and gives nothing', async () => {
    const bad = peer('bad', await whole('bad'), { open: () => new Promise(() => {}) });
    await besideAGoodOne(bad);
  });

  test('stops in the middle of a chunk', async () => {
    const server = await lab.server();
    server.manners.stallAfter = 3 * CHUNK + 5;
    const { open } = peer('bad', await whole('bad'));
    const slow = await stalling(open);
    await besideAGoodOne(peer('bad', await whole('bad'), { open: slow }));
  });

  test('gives less than it was asked for', async () => {
    const { open } = peer('bad', await whole('bad'));
    const short: PeerSource['open'] = async (resume, signal) => {
      const to = resume.from + 3;
      return open({ ...resume, to }, signal);
    };
    await besideAGoodOne(peer('bad', await whole('bad'), { open: short }));
  });

  test('gives more than it was asked for', async () => {
    const { open } = peer('bad', await whole('bad'));
    const long: PeerSource['open'] = (resume, signal) => open({ ...resume, to: null }, signal);
    await besideAGoodOne(peer('bad', await whole('bad'), { open: long }));
  });

  test('says that the file has another size', async () => {
    const folder = lab.partOf('bad', []);
    writeFileSync(join(folder, `${lab.sha256}.box`), lab.content.subarray(5));
    const { text } = await besideAGoodOne(peer('bad', folder));
    expect(text).not.toContain(`${folder}`);
  });

  test('has another chunk list', async () => {
    await besideAGoodOne(peer('bad', lab.partOf('bad', []), { list: async () => randomBytes(500) }));
  });
});

/** Gives the beginning of a chunk, and then nothing. */
async function stalling(open: PeerSource['open']): Promise<PeerSource['open']> {
  return async (resume, signal) => {
    const body = await open({ ...resume, to: resume.from + 5 }, signal);
    async function* chunks(): AsyncGenerator<Uint8Array> {
      yield* body.chunks;
      await new Promise(() => {});
    }
    return { ...body, chunks: chunks() };
  };
}

test('six hosts that begin at one server together exchange what they have: it gives little more than one copy', async () => {
  const origin = await lab.server();
  origin.manners.rate = 2 * 1024 * 1024;
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const folder = (name: string) => join(dirname(lab.boxes), `host-${name}`);
  for (const name of names) mkdirSync(folder(name));
  const all = await Promise.all(
    names.map((name) => {
      const others = names.filter((other) => other !== name).map((other) => peer(other, folder(other)));
      return lab.fetch(lab.box('peers:', origin.url), {
        ...lab.peers(...others),
        file: join(folder(name), `${lab.sha256}.box`),
        name,
      });
    }),
  );
  for (const name of names)
    expect(readFileSync(join(folder(name), `${lab.sha256}.box`)).equals(lab.content)).toBe(true);
  const fromOrigin = all
    .map(({ stats }) => stats.bySource[origin.url] ?? 0)
    .reduce((sum, each) => sum + each, 0);
  expect(fromOrigin).toBeLessThanOrEqual(1.5 * SIZE + 6 * 8 * CHUNK);
  expect(origin.sent()).toBeLessThanOrEqual(2 * SIZE);
});
