import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  BadChunkList,
  type ChunkList,
  ChunkListWriter,
  chunkListDigest,
  LONGEST_CHUNK,
  longestList,
  readChunkList,
  writeChunkList,
} from '../../../../reconciler/boxes/chunks/chunk-list.ts';

const A = 'aa'.repeat(32);
const B = 'b1'.repeat(32);
const MAGIC = 'boxreeve-chunks 1\n';

const sha256 = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString('hex'));
const chunks = fc.array(fc.record({ length: fc.integer({ min: 1, max: LONGEST_CHUNK }), sha256 }), {
  maxLength: 50,
});

function chunksOf(list: ChunkList) {
  return Array.from({ length: list.count }, (_, index) => list.chunk(index));
}

function entry(length: number): Buffer {
  const bytes = Buffer.alloc(36, 7);
  bytes.writeUInt32BE(length);
  return bytes;
}

it('what is written is read again, each chunk at its place', () => {
  fc.assert(
    fc.property(chunks, (written) => {
      const list = readChunkList(writeChunkList(written));
      expect(chunksOf(list).map(({ length, sha256 }) => ({ length, sha256 }))).toEqual(written);
      let at = 0;
      for (const chunk of chunksOf(list)) {
        expect(chunk.at).toBe(at);
        at += chunk.length;
      }
      expect(list.size).toBe(at);
      expect(list.at(list.count)).toBe(at);
    }),
  );
});

it('a list is the line with its version, then lengths of 4 bytes and digests of 32', () => {
  const bytes = writeChunkList([
    { length: 1, sha256: A },
    { length: 0x010203, sha256: B },
  ]);
  expect(bytes.toString('hex')).toBe(`${Buffer.from(MAGIC).toString('hex')}00000001${A}00010203${B}`);
});

it('many chunks are written as few are', () => {
  const many = Array.from({ length: 20_000 }, (_, index) => ({
    length: index + 1,
    sha256: index % 3 ? A : B,
  }));
  const list = readChunkList(writeChunkList(many));
  expect(list.count).toBe(20_000);
  expect(list.chunk(19_999)).toEqual({ at: (19_999 * 20_000) / 2, length: 20_000, sha256: A });
});

it('a list of no chunks is that of an empty file', () => {
  expect(readChunkList(writeChunkList([]))).toMatchObject({ count: 0, size: 0 });
});

it('a list is read wherever its bytes lie', () => {
  const bytes = writeChunkList([{ length: 5, sha256: A }]);
  const within = Buffer.concat([Buffer.alloc(3), bytes, Buffer.alloc(9)]).subarray(3, 3 + bytes.length);
  expect(readChunkList(new Uint8Array(within)).chunk(0)).toEqual({ at: 0, length: 5, sha256: A });
  expect(readChunkList(within).chunk(0)).toEqual({ at: 0, length: 5, sha256: A });
});

it.each([
  ['nothing', Buffer.alloc(0), 'does not begin with "boxreeve-chunks 1"'],
  ['of another kind', Buffer.from('<html>\n'), 'does not begin with "boxreeve-chunks 1"'],
  ['of a later version', Buffer.from('boxreeve-chunks 2\n'), 'of a later version'],
  ['cut in its first line', Buffer.from(MAGIC.slice(0, 9)), 'does not begin'],
  ['cut in a chunk', Buffer.concat([Buffer.from(MAGIC), entry(9), entry(9).subarray(1)]), 'within chunk 1'],
  [
    'longer than its chunks',
    Buffer.concat([Buffer.from(MAGIC), entry(9), Buffer.from('\n')]),
    'within chunk 1',
  ],
  ['of an empty chunk', Buffer.concat([Buffer.from(MAGIC), entry(9), entry(0)]), 'chunk 1 has 0 bytes'],
  [
    'of too long a chunk',
    Buffer.concat([Buffer.from(MAGIC), entry(2 ** 24 + 1)]),
    'chunk 0 has 16777217 bytes',
  ],
  ['of the longest number', Buffer.concat([Buffer.from(MAGIC), entry(2 ** 32 - 1)]), 'has 4294967295 bytes'],
])('a list %s is refused in words', (_what, bytes, why) => {
  expect(() => readChunkList(bytes)).toThrow(BadChunkList);
  expect(() => readChunkList(bytes)).toThrow(why);
});

it.each([
  [0, A, 'chunk 0 has 0 bytes'],
  [2 ** 24 + 1, A, 'a chunk has 1 to 16777216'],
  [1.5, A, 'chunk 0 has 1.5 bytes'],
  [Number.NaN, A, 'chunk 0 has NaN bytes'],
  [1, 'aa', 'a digest of 1 bytes'],
])('no list with a chunk of %d bytes and digest %s is written', (length, sha256, why) => {
  expect(() => writeChunkList([{ length, sha256 }])).toThrow(BadChunkList);
  expect(() => writeChunkList([{ length, sha256 }])).toThrow(why);
});

it('asking for a chunk that is not there is a mistake', () => {
  const list = readChunkList(writeChunkList([{ length: 5, sha256: A }]));
  expect(() => list.chunk(1)).toThrow('there is no chunk');
  expect(() => list.chunk(-1)).toThrow('there is no chunk');
});

it('what was given as the list so far does not change when chunks are added', () => {
  const writer = new ChunkListWriter();
  writer.add(1, Buffer.alloc(32));
  const before = writer.bytes();
  const digest = chunkListDigest(before);
  writer.add(2, Buffer.alloc(32, 1));
  expect(chunkListDigest(before)).toBe(digest);
  expect(readChunkList(writer.bytes()).size).toBe(3);
});

it('the digest of a list is the SHA-256 of its bytes', () => {
  expect(chunkListDigest(Buffer.from('abc'))).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
});

it('no list of short chunks, every other of 4 KiB, is longer than the longest', () => {
  const count = 1000;
  const short = Array.from({ length: count }, (_, index) => ({ length: index % 2 ? 4095 : 1, sha256: A }));
  expect(writeChunkList(short).length).toBeLessThanOrEqual(longestList((count / 2) * 4096));
});
