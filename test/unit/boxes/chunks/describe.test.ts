import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readChunkList } from '../../../../reconciler/boxes/chunks/chunk-list.ts';
import { describeFile } from '../../../../reconciler/boxes/chunks/describe.ts';
import { pseudoRandom } from './pseudo-random.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'boxreeve-describe-'));
  file = join(folder, 'x.box');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

it.each([0, 1, 16_384, 1024 * 1024, 3 * 1024 * 1024 + 17])(
  'a file of %d bytes is described chunk by chunk',
  async (size) => {
    const bytes = pseudoRandom(size, 9);
    writeFileSync(file, bytes);
    const described = await describeFile(file);
    expect(described).toMatchObject({ size, sha256: sha256(bytes) });
    const list = readChunkList(described.list);
    expect(list.size).toBe(size);
    for (let index = 0; index < list.count; index++) {
      const { at, length, sha256: digest } = list.chunk(index);
      expect(sha256(bytes.subarray(at, at + length))).toBe(digest);
      expect(length).toBeLessThanOrEqual(256 * 1024);
    }
  },
);

it('a file with something put in at its beginning shares nearly all chunks with what it was', async () => {
  const bytes = pseudoRandom(4 * 1024 * 1024, 11);
  writeFileSync(file, bytes);
  const before = readChunkList((await describeFile(file)).list);
  writeFileSync(file, Buffer.concat([Buffer.from('put in'), bytes]));
  const after = readChunkList((await describeFile(file)).list);
  const had = new Set(Array.from({ length: before.count }, (_, index) => before.chunk(index).sha256));
  const fresh = Array.from({ length: after.count }, (_, index) => after.chunk(index)).filter(
    (c) => !had.has(c.sha256),
  );
  expect(before.count).toBeGreaterThan(30);
  expect(fresh.length).toBeLessThanOrEqual(2);
});

it('a file that is not there is said to be missing', async () => {
  await expect(describeFile(file)).rejects.toThrow(/ENOENT.*x\.box/);
});

it('describing stops when it is told to', async () => {
  writeFileSync(file, pseudoRandom(1024 * 1024, 13));
  await expect(describeFile(file, AbortSignal.abort(new Error('told to stop')))).rejects.toThrow(
    'told to stop',
  );
});
