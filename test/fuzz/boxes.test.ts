/** What a server of boxes answers, byte by byte, and what a cut download left. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BadChunkList, readChunkList, writeChunkList } from '../../reconciler/boxes/chunks/chunk-list.ts';
import { resumeFor } from '../../reconciler/boxes/partial-file.ts';
import { openHttp, redirectedTo } from '../../reconciler/boxes/sources/http.ts';
import { SourceMissed } from '../../reconciler/boxes/sources/source.ts';
import { expectOneLine, holds } from './holds.ts';
import { damaged, damagedText } from './mutate.ts';
import { damagedJson } from './mutate-value.ts';

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nConnection: close\r\n';
const ANSWERS = [
  `${HEAD}Content-Length: 10\r\nETag: "abc"\r\n\r\n0123456789`,
  `${HEAD}Transfer-Encoding: chunked\r\nLast-Modified: Wed, 14 Jan 2026 20:05:00 GMT\r\n\r\na\r\n0123456789\r\n0\r\n\r\n`,
  `HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 4-9/10\r\nContent-Length: 6\r\nETag: W/"abc"\r\nConnection: close\r\n\r\n456789`,
  'HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */10\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
  'HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno',
];

describe('a server of boxes', () => {
  let server: Server;
  let port = 0;
  let answer: Buffer = Buffer.alloc(0);
  beforeAll(async () => {
    server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.once('data', () => socket.end(answer));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    port = typeof address === 'object' && address !== null ? address.port : 0;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it('gives bytes from where they were asked for, or is passed over with a word', async () => {
    const cases = fc.record({
      bytes: damaged(ANSWERS),
      from: fc.constantFrom(0, 4),
      validator: fc.constantFrom(null, '"abc"'),
    });
    await holds(cases, async ({ bytes, from, validator }) => {
      answer = bytes;
      const url = `http://127.0.0.1:${port}/x.box`;
      const opened = await openHttp(url, { from, validator, to: null }, AbortSignal.timeout(30_000)).catch(
        (error: unknown) => {
          if (!(error instanceof SourceMissed)) throw error;
          expectOneLine(error.message);
          return null;
        },
      );
      if (opened === null) return;
      expect([0, from]).toContain(opened.from);
      if (opened.size !== null) expect(Number.isSafeInteger(opened.size) && opened.size >= 0).toBe(true);
      if (opened.validator !== null) expect(opened.validator).not.toMatch(/[\r\n\0]|^W\//);
      opened.close();
    });
  });

  it('never leads from https to anything else', async () => {
    const locations = damagedText([
      'https://cdn.example.org/x.box',
      '/y.box',
      'http://h/z',
      '//other/x',
      'file:///etc/passwd',
    ]);
    const cases = fc.record({
      location: locations,
      from: fc.constantFrom('https://boxes.example.org/a/x.box', 'http://boxes.example.org/'),
    });
    await holds(cases, ({ location, from }) => {
      try {
        const to = redirectedTo(location, new URL(from));
        expect(['https:', new URL(from).protocol]).toContain(to.protocol);
      } catch (error) {
        if (!(error instanceof SourceMissed)) throw error;
        expectOneLine(error.message);
      }
    });
  });
});

describe('what a cut download left', () => {
  const folder = mkdtempSync(join(tmpdir(), 'boxreeve-fuzz-boxes-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is gone on with only under what the same server said of it, in a form that a request may have', async () => {
    const file = join(folder, 'x.box');
    const source = 'https://boxes.example.org/x.box';
    const origin = { source, validator: '"abc"' };
    const cases = fc.record({
      from: fc.oneof(damagedJson([origin]), damagedText([JSON.stringify(origin)])),
      here: fc.nat(20),
    });
    await holds(cases, async ({ from, here }) => {
      writeFileSync(`${file}.partial`, 'x'.repeat(here));
      writeFileSync(`${file}.partial.from`, from);
      const resume = await resumeFor(file, { size: 10, sha256: 'ab'.repeat(32) }, source);
      expect(resume.from).toBe(here <= 10 ? here : 0);
      if (resume.validator === null) return;
      expect(JSON.parse(from)).toMatchObject({ source, validator: resume.validator });
      expect(() => new Headers({ 'if-range': resume.validator ?? '' })).not.toThrow();
    });
  });
});

describe('a chunk list', () => {
  const chunk = { length: 70_000, sha256: 'ab'.repeat(32) };
  const lists = [[], [chunk], [chunk, { ...chunk, length: 1 }, { ...chunk, length: 2 ** 24 }]].map(
    writeChunkList,
  );

  it('is read into chunks that follow each other and are written as they were read, or is refused in words', async () => {
    await holds(damaged(lists), (bytes) => {
      try {
        const list = readChunkList(bytes);
        const chunks = Array.from({ length: list.count }, (_, index) => list.chunk(index));
        expect(writeChunkList(chunks).equals(bytes)).toBe(true);
        expect(chunks.reduce((at, { at: said, length }) => (said === at ? at + length : Number.NaN), 0)).toBe(
          list.size,
        );
      } catch (error) {
        if (!(error instanceof BadChunkList)) throw error;
        expectOneLine(error.message);
      }
    });
  });
});
