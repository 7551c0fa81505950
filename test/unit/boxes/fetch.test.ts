import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BoxUnavailable, type FetchDeps, fetchBox } from '../../../reconciler/boxes/fetch.ts';
import { BoxNotWritten } from '../../../reconciler/boxes/local-disk.ts';
import { redirectedTo } from '../../../reconciler/boxes/sources/http.ts';
import type { BoxSpec } from '../../../reconciler/desired/spec.ts';
import { DiskShort } from '../../../reconciler/errors.ts';
import { anySource } from './any-source.ts';
import { type BoxServer, startBoxServer } from './box-server.ts';

const CONTENT = randomBytes(300_000);
const HALF = 150_000;
const OTHER = randomBytes(CONTENT.length);

let folder: string;
let boxes: string;
let server: BoxServer;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boxreeve-boxes-'));
  boxes = join(folder, 'boxes');
  server = await startBoxServer(CONTENT);
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const sha256 = createHash('sha256').update(CONTENT).digest('hex');

function boxFrom(...sources: string[]): BoxSpec {
  return { name: 'org/node', version: '1.0.0', provider: 'lxc', sha256, size: CONTENT.length, sources };
}

async function fetched(box: BoxSpec, more: Partial<FetchDeps> = {}): Promise<string> {
  const log = { info: () => {}, warn: () => {} };
  const { text } = await fetchBox(box, {
    file: join(boxes, `${sha256}.box`),
    log,
    signal: new AbortController().signal,
    source: anySource,
    ...more,
  });
  return text;
}

async function failure(fetching: Promise<string>): Promise<unknown> {
  return fetching.then(
    (told) => `it came: ${told}`,
    (error: unknown) => error,
  );
}

async function here(): Promise<Buffer> {
  expect((await readdir(boxes)).sort()).toEqual([`${sha256}.box`, `${sha256}.json`]);
  return readFile(join(boxes, `${sha256}.box`));
}

async function localFile(name: string, content: Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return pathToFileURL(path).href;
}

/** What a fetch that was cut leaves behind. */
async function cutAt(bytes: number): Promise<void> {
  server.manners.stopAfter = bytes;
  const cut = failure(fetched(boxFrom(server.url)));
  const size = () =>
    stat(join(boxes, `${sha256}.box.partial`)).then(
      (about) => about.size,
      () => 0,
    );
  while ((await size()) < bytes) await wait(5);
  server.breakOff();
  expect(await cut).toBeInstanceOf(BoxUnavailable);
  expect(await size()).toBe(bytes);
  server.manners.stopAfter = null;
  server.requests.length = 0;
}

describe('a box', () => {
  test('comes from a web server', async () => {
    expect(await fetched(boxFrom(server.url))).toBe(`${server.url}: 300000 bytes, digest right`);
    expect(await here()).toEqual(CONTENT);
    expect((await stat(join(boxes, `${sha256}.box`))).mode & 0o777).toBe(0o644);
  });

  test('comes from a file of this host', async () => {
    const source = await localFile('a box.box', CONTENT);
    await fetched(boxFrom(source));
    expect(await here()).toEqual(CONTENT);
  });

  test('that is here is not fetched again', async () => {
    await fetched(boxFrom(server.url));
    expect(await fetched(boxFrom(server.url))).toContain('is here already');
    expect(server.requests).toHaveLength(1);
  });

  test('whose file went bad here is fetched again', async () => {
    await fetched(boxFrom(server.url));
    await writeFile(join(boxes, `${sha256}.box`), OTHER);
    await fetched(boxFrom(server.url));
    expect(await here()).toEqual(CONTENT);
  });

  test('comes from the next source when one has it not, and tells why', async () => {
    const none = pathToFileURL(join(folder, 'none.box')).href;
    const told = await fetched(
      boxFrom('peers:', 'sftp://host/x', none, pathToFileURL(folder).href, 'file://elsewhere/x', server.url),
    );
    expect(told.split('\n')).toEqual([
      'peers:: no other host offers its boxes to this one',
      "sftp://host/x: /dev/null has no key of host:22: add what `ssh-keyscan host` prints, once you have compared it with the server's own",
      `${none}: there is no such file`,
      `${pathToFileURL(folder).href}: is not a file`,
      'file://elsewhere/x: is no address of a file on this host: write file:///path',
      `${server.url}: 300000 bytes, digest right`,
    ]);
  });

  test('that no source has is an error that tells of each', async () => {
    const closed = await startBoxServer(CONTENT);
    await closed.close();
    server.manners.status = 404;
    const error = await failure(fetched(boxFrom(server.url, closed.url)));
    expect(error).toBeInstanceOf(BoxUnavailable);
    expect(String(error)).toContain(`${server.url}: answers 404 Not Found`);
    expect(String(error)).toMatch(new RegExp(`${closed.url}: cannot be reached: .*ECONNREFUSED`));
  });
});

describe('a source that stalls', () => {
  test('is given up, what came is kept, and the next one goes on from there', async () => {
    server.manners.stopAfter = 100_000;
    const source = await localFile('second.box', CONTENT);
    const told = await fetched(boxFrom(server.url, source), { stallMs: 200 });
    expect(told.split('\n')).toEqual([
      `${server.url}: gave nothing for 0.2 s`,
      `${source}: 300000 bytes, digest right`,
    ]);
    expect(await here()).toEqual(CONTENT);
  });
});

describe('a file that is not the catalogued one', () => {
  test('is thrown away, named by both digests, and its source is not asked again', async () => {
    server.manners.content = OTHER;
    const shunned = new Set<string>();
    const right = await localFile('right.box', CONTENT);
    const told = await fetched(boxFrom(server.url, right), { shunned });
    const got = createHash('sha256').update(OTHER).digest('hex');
    expect(told).toContain(`has SHA-256 ${got}, and ${sha256} is catalogued`);
    expect(await here()).toEqual(CONTENT);
    await rm(join(boxes, `${sha256}.box`));
    expect(await fetched(boxFrom(server.url, right), { shunned })).toContain('is not asked again');
    expect(server.requests).toHaveLength(1);
  });

  test('leaves nothing behind when there is no other source', async () => {
    server.manners.content = OTHER;
    expect(await failure(fetched(boxFrom(server.url)))).toBeInstanceOf(BoxUnavailable);
    expect(await readdir(boxes)).toEqual([]);
  });

  test('of another size is refused before a byte is taken', async () => {
    server.manners.content = Buffer.concat([CONTENT, CONTENT]);
    expect(String(await failure(fetched(boxFrom(server.url))))).toContain(
      'has 600000 bytes, and 300000 are catalogued',
    );
    expect(await readdir(boxes)).toEqual([]);
  });

  test('that turns out longer is left where it exceeds', async () => {
    Object.assign(server.manners, { content: Buffer.concat([CONTENT, CONTENT]), tellsSize: false });
    expect(String(await failure(fetched(boxFrom(server.url))))).toContain('more than the 300000 bytes');
    expect(await readdir(boxes)).toEqual([]);
  });
});

describe('a download that was cut', () => {
  test('is gone on with where it was cut, if the file is the same', async () => {
    server.manners.headers = { etag: '"v1"' };
    await cutAt(HALF);
    await fetched(boxFrom(server.url));
    expect(server.requests).toEqual([
      expect.objectContaining({ range: `bytes=${HALF}-`, 'if-range': '"v1"' }),
    ]);
    expect(await here()).toEqual(CONTENT);
  });

  test('is known by its date where the server has no strong ETag', async () => {
    const date = 'Mon, 23 Nov 2026 23:00:00 GMT';
    server.manners.headers = { etag: 'W/"weak"', 'last-modified': date };
    await cutAt(HALF);
    await fetched(boxFrom(server.url));
    expect(server.requests).toEqual([expect.objectContaining({ 'if-range': date })]);
  });

  test('begins anew when the file changed meanwhile', async () => {
    Object.assign(server.manners, { headers: { etag: '"v1"' }, content: OTHER });
    await cutAt(HALF);
    Object.assign(server.manners, { headers: { etag: '"v2"' }, content: CONTENT });
    await fetched(boxFrom(server.url));
    expect(server.requests).toHaveLength(1);
    expect(await here()).toEqual(CONTENT);
  });

  test('begins anew when what is here turns out wrong, and no server could tell', async () => {
    server.manners.content = OTHER;
    await cutAt(HALF);
    server.manners.content = CONTENT;
    const shunned = new Set<string>();
    await fetched(boxFrom(server.url), { shunned });
    expect(server.requests.map((headers) => headers.range)).toEqual([`bytes=${HALF}-`, undefined]);
    expect(await here()).toEqual(CONTENT);
    expect(shunned.size).toBe(0);
  });

  test('begins anew where the server gives no ranges', async () => {
    server.manners.ranges = false;
    await cutAt(HALF);
    await fetched(boxFrom(server.url));
    expect(await here()).toEqual(CONTENT);
  });

  test('is gone on with from another source', async () => {
    await cutAt(HALF);
    const mirror = await startBoxServer(CONTENT);
    try {
      await fetched(boxFrom(mirror.url));
      expect(mirror.requests).toEqual([expect.objectContaining({ range: `bytes=${HALF}-` })]);
      expect(mirror.requests[0]).not.toHaveProperty('if-range');
    } finally {
      await mirror.close();
    }
    expect(await here()).toEqual(CONTENT);
  });

  test('is kept when another source has the wrong size, or none', async () => {
    await cutAt(HALF);
    const small = await localFile('small.box', Buffer.from('small'));
    await fetched(boxFrom('s3://bucket/x', small, server.url));
    expect(server.requests[0]?.range).toBe(`bytes=${HALF}-`);
  });

  test('that had all its bytes is looked at, not fetched', async () => {
    await cutAt(HALF);
    await writeFile(join(boxes, `${sha256}.box.partial`), CONTENT);
    await fetched(boxFrom(server.url));
    expect(server.requests).toHaveLength(0);
    expect(await here()).toEqual(CONTENT);
    await rm(join(boxes, `${sha256}.box`));
    await writeFile(join(boxes, `${sha256}.box.partial`), OTHER);
    await fetched(boxFrom(server.url));
    expect(await here()).toEqual(CONTENT);
  });

  test('stays when the reconciler is told to stop', async () => {
    const stop = new AbortController();
    server.manners.stopAfter = HALF;
    const log = { warn: () => {}, info: () => stop.abort() };
    const error = await failure(fetched(boxFrom(server.url, server.url), { signal: stop.signal, log }));
    expect(error).toMatchObject({ name: 'AbortError' });
    expect(server.requests).toHaveLength(1);
    expect(await readdir(boxes)).not.toContain(`${sha256}.box`);
  });
});

describe('a redirect', () => {
  test('is followed', async () => {
    const front = await startBoxServer(CONTENT);
    Object.assign(front.manners, { status: 302, headers: { location: server.url } });
    try {
      await fetched(boxFrom(front.url));
      expect(await here()).toEqual(CONTENT);
    } finally {
      await front.close();
    }
  });

  test.each([
    ['file:///etc/passwd', 'redirects to file:, which is not https'],
    ['http://user:word@127.0.0.1/', 'has a user name in it'],
    ['http://[', 'redirects to something that is no address'],
    ['/image.box', 'redirects more than 10 times'],
  ])('to %s is not', async (location, why) => {
    Object.assign(server.manners, { status: 302, headers: { location } });
    expect(String(await failure(fetched(boxFrom(server.url))))).toContain(why);
  });
});

test('a redirect from https to http is refused before it is followed', () => {
  const start = new URL('https://images.example/one.box');
  expect(() => redirectedTo('http://images.example/one.box', start)).toThrow(
    'redirects to http://images.example, which is not https',
  );
  expect(redirectedTo('/two.box', start).href).toBe('https://images.example/two.box');
  expect(redirectedTo('https://cdn.example/x', start).href).toBe('https://cdn.example/x');
  expect(redirectedTo('https://cdn.example/x', new URL('http://a.example')).protocol).toBe('https:');
});

describe('the disk', () => {
  test('must have room for the file, Vagrant’s copy and the unpacked box before the first byte', async () => {
    const error = await failure(fetched(boxFrom(server.url), { freeBytes: async () => 899_999 }));
    expect(error).toBeInstanceOf(DiskShort);
    expect(String(error)).toContain('needs 900000 bytes more');
    expect(server.requests).toHaveLength(0);
    await fetched(boxFrom(server.url), { freeBytes: async () => 900_000 });
  });

  test('need not have room for what is here already', async () => {
    await cutAt(HALF);
    await fetched(boxFrom(server.url), { freeBytes: async () => 750_000 });
    expect(await here()).toEqual(CONTENT);
  });

  test('that cannot be written is not held against the sources', async () => {
    await fetched(boxFrom(server.url));
    const path = join(boxes, `${sha256}.box`);
    await rm(path);
    // root may write anywhere, but not over a folder
    await mkdir(`${path}.partial`);
    expect(await failure(fetched(boxFrom(server.url, server.url)))).toBeInstanceOf(BoxNotWritten);
  });
});
