import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import { readChunkList } from '../../../../reconciler/boxes/chunks/chunk-list.ts';
import { ChunksContradict } from '../../../../reconciler/boxes/download/partial-chunks.ts';
import { BoxUnavailable } from '../../../../reconciler/boxes/fetch.ts';
import { BoxNotWritten } from '../../../../reconciler/boxes/local-disk.ts';
import { DiskShort } from '../../../../reconciler/errors.ts';
import { type BoxLab, boxLab, range } from './lab.ts';
import { listEvery } from './lists.ts';

const CHUNK = 16 * 1024;
const CHUNKS = 128;
const SIZE = CHUNK * CHUNKS;

let lab: BoxLab;
beforeEach(async () => {
  lab = await boxLab(randomBytes(SIZE));
});

function expectWhole(): void {
  expect(readdirSync(lab.boxes).sort()).toEqual(
    expect.arrayContaining([`${lab.sha256}.box`, `${lab.sha256}.chunks`, `${lab.sha256}.json`]),
  );
  expect(readdirSync(lab.boxes).filter((name) => /partial|have/.test(name))).toEqual([]);
  expect(readFileSync(lab.file).equals(lab.content)).toBe(true);
}

function failure(fetching: Promise<unknown>): Promise<unknown> {
  return fetching.then(
    () => 'it came',
    (error: unknown) => error,
  );
}

describe('a box with a chunk list', () => {
  test('comes from a web server, is noted, and may be read by other hosts', async () => {
    const server = await lab.server();
    const { text, stats } = await lab.fetch(lab.box(server.url));
    expectWhole();
    expect(text.split('\n')[0]).toBe(`${server.url}: ${SIZE} bytes, digest right`);
    expect(stats).toEqual({ reused: 0, moved: SIZE, bySource: { [server.url]: SIZE } });
    for (const name of readdirSync(lab.boxes))
      expect(statSync(join(lab.boxes, name)).mode & 0o777).toBe(0o644);
    const note: unknown = JSON.parse(readFileSync(join(lab.boxes, `${lab.sha256}.json`), 'utf8'));
    expect(note).toMatchObject({ name: 'org/node', version: '2.0.0', size: SIZE, from: server.url });
  });

  test('comes from a server that gives no ranges', async () => {
    const server = await lab.server();
    server.manners.ranges = false;
    await lab.fetch(lab.box(server.url));
    expectWhole();
  });

  test('comes from a server that gives more than it was asked for', async () => {
    const server = await lab.server();
    server.manners.ends = false;
    await lab.fetch(lab.box(server.url));
    expectWhole();
  });

  test('comes from a server that breaks every answer off, if each gives something', async () => {
    const server = await lab.server();
    server.manners.most = 3 * CHUNK;
    const { stats } = await lab.fetch(lab.box(server.url));
    expectWhole();
    expect(stats.moved).toBe(SIZE);
  });

  test('comes from the next source when one has it not, and tells why', async () => {
    const server = await lab.server();
    const none = pathToFileURL(join(lab.boxes, 'none.box')).href;
    const { text } = await lab.fetch(lab.box('peers:', none, server.url));
    expect(text.split('\n')).toEqual([
      `${none}: no chunk list: there is no such file`,
      'peers:: no other host offers its boxes to this one',
      `${none}: there is no such file`,
      `${server.url}: ${SIZE} bytes, digest right`,
      expect.stringMatching(/^in all: \d+ bytes in \d+\.\d s$/),
    ]);
  });

  test('that nobody has is an error that tells of each source', async () => {
    const [one, other] = [await lab.server(randomBytes(5)), await lab.server()];
    other.manners.stallAfter = 0;
    const error = await failure(lab.fetch(lab.box(one.url, other.url), { stallMs: 100 }));
    expect(error).toBeInstanceOf(BoxUnavailable);
    expect(String(error)).toContain(`${one.url}: has 5 bytes, and ${SIZE} are catalogued`);
    expect(String(error)).toContain(`${other.url}: gave nothing for 0.1 s`);
  });
});

describe('what is here already', () => {
  test('of an older box is copied, and only the rest is fetched', async () => {
    const server = await lab.server();
    const older = Buffer.concat([randomBytes(3 * CHUNK), lab.content.subarray(20 * CHUNK)]);
    const name = 'a'.repeat(64);
    writeFileSync(join(lab.boxes, `${name}.box`), older);
    writeFileSync(join(lab.boxes, `${name}.chunks`), listEvery(CHUNK, older).bytes);
    const { text, stats } = await lab.fetch(lab.box(server.url));
    expectWhole();
    expect(stats).toMatchObject({ reused: 108 * CHUNK, moved: 20 * CHUNK });
    expect(text).toContain(`older box files of this host: ${108 * CHUNK} bytes`);
    expect(text).toContain(`${server.url}: ${20 * CHUNK} bytes, digest right`);
  });

  test('of an older box that rotted is fetched', async () => {
    const server = await lab.server();
    const name = 'a'.repeat(64);
    writeFileSync(
      join(lab.boxes, `${name}.box`),
      Buffer.concat([randomBytes(CHUNK), lab.content.subarray(CHUNK)]),
    );
    writeFileSync(join(lab.boxes, `${name}.chunks`), lab.list.bytes);
    const { stats } = await lab.fetch(lab.box(server.url));
    expectWhole();
    expect(stats.moved).toBe(CHUNK);
  });

  test('of an older box without a chunk list is looked for too: a list is made', async () => {
    const server = await lab.server();
    const name = 'b'.repeat(64);
    writeFileSync(join(lab.boxes, `${name}.box`), randomBytes(5 * CHUNK));
    await lab.fetch(lab.box(server.url));
    expectWhole();
    expect(readChunkList(readFileSync(join(lab.boxes, `${name}.chunks`))).size).toBe(5 * CHUNK);
  });

  test('of a fetch that was cut is looked at, and gone on with', async () => {
    const server = await lab.server();
    lab.partOf('boxes', range(10, 100));
    const { text, stats } = await lab.fetch(lab.box(server.url));
    expectWhole();
    expect(stats).toMatchObject({ reused: 90 * CHUNK, moved: 38 * CHUNK });
    expect(text).toContain(`an earlier fetch: ${90 * CHUNK} bytes`);
  });

  test('of a fetch as a whole that was cut is gone on with by chunks', async () => {
    const server = await lab.server();
    writeFileSync(`${lab.file}.partial`, lab.content.subarray(0, 50 * CHUNK + 5));
    const { stats } = await lab.fetch(lab.box(server.url));
    expectWhole();
    expect(stats.moved).toBe(78 * CHUNK);
  });

  test('and turns out wrong is fetched again', async () => {
    const server = await lab.server();
    lab.partOf(
      'boxes',
      range(0, 100),
      Buffer.concat([randomBytes(2 * CHUNK), lab.content.subarray(2 * CHUNK)]),
    );
    const { stats } = await lab.fetch(lab.box(server.url));
    expectWhole();
    expect(stats.moved).toBe(30 * CHUNK);
  });

  test.each([
    [
      'bitmap of another length',
      () => writeFileSync(`${lab.file}.have`, Buffer.alloc(3)),
      'has 3 bytes, and 128 chunks take 16',
    ],
    [
      'partial of another length',
      () => writeFileSync(`${lab.file}.partial`, 'short'),
      'has 5 bytes, and the box',
    ],
    ['bitmap without a partial', () => rmSync(`${lab.file}.partial`), 'and no partial'],
  ])('and does not fit, a %s, is thrown away in words', async (_, damage, words) => {
    const server = await lab.server();
    lab.partOf('boxes', range(0, 100));
    damage();
    const { text, stats } = await lab.fetch(lab.box(server.url));
    expectWhole();
    expect(stats.moved).toBe(SIZE);
    expect(text).toContain(words);
    expect(lab.warnings.join()).toContain(words);
  });

  test('counts when room is asked for', async () => {
    const server = await lab.server();
    lab.partOf('boxes', range(0, 100));
    const needed = 3 * SIZE - 100 * CHUNK;
    const box = lab.box(server.url);
    const error = await failure(lab.fetch(box, { freeBytes: async () => needed - 1 }));
    expect(error).toBeInstanceOf(DiskShort);
    expect(server.sent()).toBe(0);
    await lab.fetch(box, { freeBytes: async () => needed });
    expectWhole();
  });
});

describe('a source that gives a wrong chunk', () => {
  test('is not asked again, nothing of that chunk is kept, and the rest comes from another', async () => {
    const wrong = Buffer.from(lab.content);
    wrong[40 * CHUNK + 7] = (wrong[40 * CHUNK + 7] ?? 0) ^ 1;
    const [bad, good] = [await lab.server(wrong), await lab.server()];
    const shunned = new Set<string>();
    const { text, stats } = await lab.fetch(lab.box(bad.url, good.url), { shunned });
    expectWhole();
    expect(text).toContain(
      `${bad.url}: gave other bytes than are catalogued (chunk 40, at byte ${40 * CHUNK})`,
    );
    expect(lab.warnings.join()).toContain(bad.url);
    expect([...shunned]).toEqual([`${lab.sha256} ${bad.url}`]);
    expect((stats.bySource[bad.url] ?? 0) + (stats.bySource[good.url] ?? 0)).toBe(SIZE);

    rmSync(lab.file);
    const before = bad.ranges.length;
    const again = await lab.fetch(lab.box(bad.url, good.url), { shunned });
    expect(again.text).toContain(`${bad.url}: gave another file before, and is not asked again`);
    expect(bad.ranges).toHaveLength(before);
  });
});

describe('a chunk list', () => {
  test('of another digest is passed over', async () => {
    const [bad, good] = [await lab.server(), await lab.server()];
    bad.manners.list = Buffer.concat([lab.list.bytes, lab.list.bytes.subarray(-36)]);
    const { text } = await lab.fetch(lab.box(bad.url, good.url));
    expectWhole();
    expect(text).toMatch(
      new RegExp(`${bad.url}: no chunk list: it has SHA-256 [0-9a-f]{64}, and [0-9a-f]{64} is`),
    );
  });

  test('that is longer than any of such a box is not read to its end', async () => {
    const [bad, good] = [await lab.server(), await lab.server()];
    bad.manners.list = randomBytes(SIZE);
    const { text } = await lab.fetch(lab.box(bad.url, good.url));
    expectWhole();
    expect(text).toContain(`${bad.url}: no chunk list: it is longer than`);
  });

  test('that nobody has is done without: the box is fetched as a whole', async () => {
    const server = await lab.server();
    server.manners.list = null;
    const { text } = await lab.fetch(lab.box(server.url));
    expect(readFileSync(lab.file).equals(lab.content)).toBe(true);
    expect(text.split('\n')).toEqual([
      `${server.url}: no chunk list: answers 404 Not Found`,
      'no source has its chunk list: it is fetched as a whole',
      `${server.url}: ${SIZE} bytes, digest right`,
    ]);
  });

  test('of another file than sha256 is an error that says so, and nothing is kept', async () => {
    const server = await lab.server();
    const other = 'c'.repeat(64);
    const file = join(lab.boxes, `${other}.box`);
    const error = await failure(lab.fetch({ ...lab.box(server.url), sha256: other }, { file }));
    expect(error).toBeInstanceOf(ChunksContradict);
    expect(String(error)).toContain('sha256 and chunks there are not of one file');
    expect(readdirSync(lab.boxes)).toEqual([]);
  });

  test('of a file of another size is an error that says so', async () => {
    const server = await lab.server();
    const error = await failure(lab.fetch({ ...lab.box(server.url), size: SIZE + 1 }));
    expect(String(error)).toContain(
      `is of a file of ${SIZE} bytes, and size in the catalogue is ${SIZE + 1}`,
    );
  });
});

test('a disk that cannot be written is not held against the sources', async () => {
  const server = await lab.server();
  // root may write anywhere, but not over a folder
  mkdirSync(`${lab.file}.have`);
  expect(await failure(lab.fetch(lab.box(server.url)))).toBeInstanceOf(BoxNotWritten);
});

test('a fetch that is told to stop stops, and keeps what came', async () => {
  const server = await lab.server();
  Object.assign(server.manners, { stallAfter: SIZE / 2 });
  const stop = new AbortController();
  const fetching = failure(lab.fetch(lab.box(server.url), { signal: stop.signal }));
  while (server.sent() < SIZE / 2) await new Promise((resolve) => setTimeout(resolve, 5));
  stop.abort();
  expect(await fetching).toMatchObject({ name: 'AbortError' });
  server.manners.stallAfter = Number.POSITIVE_INFINITY;
  const { stats } = await lab.fetch(lab.box(server.url));
  expectWhole();
  expect(stats.reused).toBeGreaterThan(0);
});
