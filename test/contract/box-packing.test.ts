/** Boxes as we pack them, read by the tools that will read them; and boxes as others pack them, packed anew. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ChunkList, readChunkList } from '../../reconciler/boxes/chunks/chunk-list.ts';
import { describeFile } from '../../reconciler/boxes/chunks/describe.ts';
import { packBox } from '../../reconciler/boxes/chunks/pack.ts';
import { repackBox } from '../../reconciler/boxes/chunks/repack.ts';
import { BoxDamaged, NotATar } from '../../reconciler/boxes/chunks/tar-of-box.ts';
import { inParts, pseudoRandom } from '../unit/boxes/chunks/pseudo-random.ts';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

let folder: string;
let box: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'boxreeve-packing-'));
  box = join(folder, 'x.box');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Half of it text that deflates well, in lines that never come again. */
function content(size: number, seed: number): Buffer {
  const chance = pseudoRandom(size / 2, seed);
  return Buffer.concat([chance, Buffer.from(chance.toString('hex').slice(0, size / 2), 'latin1')]);
}

function digestsOf(list: ChunkList): Set<string> {
  return new Set(Array.from({ length: list.count }, (_, index) => list.chunk(index).sha256));
}

/** Bytes of chunks that the other list has not. */
function newBytes(list: Uint8Array, other: Uint8Array): number {
  const had = digestsOf(readChunkList(other));
  const read = readChunkList(list);
  const chunks = Array.from({ length: read.count }, (_, index) => read.chunk(index));
  return chunks.reduce((sum, { length, sha256 }) => sum + (had.has(sha256) ? 0 : length), 0);
}

async function gunzip(file: string): Promise<Buffer> {
  const { stdout } = await execa('gzip', ['-dc', file], { encoding: 'buffer', maxBuffer: 64 * MIB });
  return Buffer.from(stdout);
}

/** A box's folder, and the tar of it. */
async function tarOfBox(...options: readonly string[]): Promise<string> {
  const files = join(folder, 'files');
  mkdirSync(files);
  writeFileSync(join(files, 'metadata.json'), '{"provider":"lxc"}');
  writeFileSync(join(files, 'disk.img'), content(2 * MIB, 3));
  const tar = join(folder, 'theirs.box');
  await execa('tar', [...options, '-cf', tar, '-C', files, 'metadata.json', 'disk.img']);
  return tar;
}

describe('a packed box', () => {
  it('is one gzip file that gunzip finds no fault with, and that gives back every byte', async () => {
    const parts = fc.array(
      fc.record({
        length: fc.nat(200_000),
        seed: fc.nat(99),
        kind: fc.constantFrom('still', 'chance', 'text'),
      }),
      { maxLength: 5 },
    );
    await fc.assert(
      fc.asyncProperty(parts, fc.constantFrom(1, 6, 9), async (runs, level) => {
        const bytes = Buffer.concat(
          runs.map(({ length, seed, kind }) => {
            if (kind === 'still') return Buffer.alloc(length, seed);
            return kind === 'text' ? content(length, seed + 1) : pseudoRandom(length, seed + 1);
          }),
        );
        await packBox(inParts(bytes, [65_536, 7, 100_000]), box, { level });
        await execa('gzip', ['-t', box]);
        expect((await gunzip(box)).equals(bytes)).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  it('is read by tar as any box is', async () => {
    const tar = await tarOfBox();
    await repackBox(tar, box);
    expect((await execa('tar', ['-tzf', box])).stdout).toBe('metadata.json\ndisk.img');
    await execa('tar', ['-xzf', box, '-C', folder]);
    expect(readFileSync(join(folder, 'disk.img')).equals(readFileSync(join(folder, 'files/disk.img')))).toBe(
      true,
    );
  });

  it('is the same file for the same tar, however the tar comes in', async () => {
    const bytes = content(3 * MIB, 5);
    const first = await packBox(inParts(bytes, [MIB]), box);
    const file = readFileSync(box);
    const second = await packBox(inParts(bytes, [12_345, 1, 500_000]), join(folder, 'y.box'));
    expect(readFileSync(join(folder, 'y.box')).equals(file)).toBe(true);
    expect(second).toEqual(first);
  });

  it('is described as it is: size, digest, and each chunk at its place', async () => {
    const described = await packBox(inParts(content(3 * MIB, 7), [MIB]), box);
    const file = readFileSync(box);
    expect(described).toMatchObject({ size: file.length, sha256: sha256(file) });
    const list = readChunkList(described.list);
    expect(list.size).toBe(file.length);
    for (let index = 0; index < list.count; index++) {
      const { at, length, sha256: digest } = list.chunk(index);
      expect(sha256(file.subarray(at, at + length))).toBe(digest);
    }
  });

  it('has the packed bytes of what stayed alike again, whatever was put in before it', async () => {
    const bytes = content(8 * MIB, 9);
    const changed = [bytes.subarray(0, 2 * MIB), Buffer.from('put in'), bytes.subarray(2 * MIB + 1)];
    const before = await packBox(inParts(bytes, [MIB]), box);
    const after = await packBox(inParts(Buffer.concat(changed), [MIB]), box);
    expect(after.sha256).not.toBe(before.sha256);
    expect(newBytes(after.list, before.list)).toBeLessThan(0.1 * after.size);
  });

  it('has a short list when it is nearly nothing but zeros', async () => {
    const described = await packBox(inParts(Buffer.alloc(64 * MIB), [MIB]), box);
    expect(described.size).toBeGreaterThan(65_536);
    const list = readChunkList(described.list);
    for (let index = 1; index < list.count - 2; index++) expect(list.lengthAt(index)).toBeGreaterThan(4000);
    expect(described.list.length).toBeLessThan(described.size / 50);
  });

  it('is cut as coarsely as its tar is long, so that no list gets long', async () => {
    const bytes = content(2 * MIB, 17);
    const counts: number[] = [];
    for (const tarSize of [8 * GIB, 8 * GIB + 1, 64 * GIB, 64 * GIB + 1, 1024 * GIB]) {
      counts.push(readChunkList((await packBox(inParts(bytes, [MIB]), box, { tarSize })).list).count);
    }
    const [fine = 0, middle = 0, middleToo, coarse = 0, coarseToo] = counts;
    expect(fine).toBeGreaterThan(2.5 * middle);
    expect(middle).toBeGreaterThan(2.5 * coarse);
    expect([middleToo, coarseToo]).toEqual([middle, coarse]);
  });

  it('of nothing is a gzip file of nothing', async () => {
    await packBox(inParts(Buffer.alloc(0), [1]), box);
    await execa('gzip', ['-t', box]);
    expect(await gunzip(box)).toHaveLength(0);
  });

  it('is not there when its making failed', async () => {
    async function* broken() {
      yield content(MIB, 11);
      throw new Error('the tar broke off');
    }
    await expect(packBox(broken(), box)).rejects.toThrow('the tar broke off');
    expect(existsSync(box)).toBe(false);
  });

  it('is not there when its making was stopped', async () => {
    const stop = new AbortController();
    async function* endless() {
      for (let seed = 1; ; seed++) {
        if (seed === 3) stop.abort(new Error('told to stop'));
        yield content(MIB, seed);
      }
    }
    await expect(packBox(endless(), box, { signal: stop.signal })).rejects.toThrow('told to stop');
    expect(existsSync(box)).toBe(false);
  });
});

describe('a box that others packed', () => {
  it('is the same when packed anew, whatever way it was packed: plain, by gzip fast or hard', async () => {
    const tar = await tarOfBox();
    const plain = await repackBox(tar, box);
    for (const level of ['-1', '-9']) {
      const { stdout } = await execa('gzip', [level, '-c', tar], { encoding: 'buffer', maxBuffer: 64 * MIB });
      writeFileSync(`${tar}.gz`, stdout);
      expect(await repackBox(`${tar}.gz`, box)).toEqual(plain);
    }
    expect((await gunzip(box)).equals(readFileSync(tar))).toBe(true);
  });

  it.each(['gnu', 'ustar', 'v7', 'pax'])('is taken as a tar of the format %s', async (format) => {
    const tar = await tarOfBox(`--format=${format}`);
    await repackBox(tar, box);
    expect((await gunzip(box)).equals(readFileSync(tar))).toBe(true);
  });

  it.each([
    ['a zip file', Buffer.from('PK\x03\x04 and so on'), 'is a zip file'],
    ['no tar', content(MIB, 13), 'is no tar file'],
    ['nothing', Buffer.alloc(0), 'is no tar file'],
    ['shorter than any tar', Buffer.from('hello'), 'is no tar file'],
  ])('that is %s is refused in words, and can be described as it is', async (_what, bytes, why) => {
    const theirs = join(folder, 'theirs.box');
    writeFileSync(theirs, bytes);
    const refused = repackBox(theirs, box);
    await expect(refused).rejects.toThrow(NotATar);
    await expect(refused).rejects.toThrow(why);
    expect(existsSync(box)).toBe(false);
    expect(await describeFile(theirs)).toMatchObject({ size: bytes.length, sha256: sha256(bytes) });
  });

  it('with something else than a tar in gzip is refused in words', async () => {
    const theirs = join(folder, 'theirs.box');
    const { stdout } = await execa('gzip', ['-c'], { input: content(MIB, 15), encoding: 'buffer' });
    writeFileSync(theirs, stdout);
    await expect(repackBox(theirs, box)).rejects.toThrow(NotATar);
  });

  it('that is cut, or damaged, is said to be damaged', async () => {
    const tar = await tarOfBox();
    await execa('gzip', [tar]);
    const whole = readFileSync(`${tar}.gz`);
    const flipped = Buffer.from(whole);
    flipped[(whole.length / 2) | 0] = ~(flipped[(whole.length / 2) | 0] ?? 0);
    for (const bad of [whole.subarray(0, whole.length - 100), flipped]) {
      writeFileSync(tar, bad);
      await expect(repackBox(tar, box)).rejects.toThrow(BoxDamaged);
      expect(existsSync(box)).toBe(false);
    }
  });

  it('that is not there is said to be missing, and packing it anew stops when it is told to', async () => {
    await expect(repackBox(join(folder, 'none.box'), box)).rejects.toThrow(/ENOENT.*none\.box/);
    const tar = await tarOfBox('-z');
    const signal = AbortSignal.abort(new Error('told to stop'));
    await expect(repackBox(tar, box, { signal })).rejects.toThrow('told to stop');
  });
});
