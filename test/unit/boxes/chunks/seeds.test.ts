import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  type ChunkList,
  readChunkList,
  writeChunkList,
} from '../../../../reconciler/boxes/chunks/chunk-list.ts';
import { findInSeeds } from '../../../../reconciler/boxes/chunks/seeds.ts';

/** A list of chunks, each named by a small number; those of digests that begin alike too. */
function listOf(names: readonly number[]): ChunkList {
  return readChunkList(
    writeChunkList(
      names.map((name) => ({
        length: 100 + name,
        sha256:
          (name % 2 ? 'ffffffff' : '') +
          Buffer.alloc(32, name + 1)
            .toString('hex')
            .slice(name % 2 ? 8 : 0),
      })),
    ),
  );
}

const names = fc.array(fc.nat(20), { maxLength: 40 });

it('a wanted chunk is found in the first seed that has one like it, and only if one has', () => {
  fc.assert(
    fc.property(names, fc.array(names, { maxLength: 4 }), (wanted, seeds) => {
      const files = seeds.map((seed, index) => ({ file: `${index}.box`, list: listOf(seed) }));
      const places = findInSeeds(listOf(wanted), files);
      const expected = wanted.map((name) => seeds.findIndex((seed) => seed.includes(name)));
      expect([...places.seed]).toEqual(expected);
      expect(places.found).toBe(expected.filter((seed) => seed !== -1).length);
      for (const [index, name] of wanted.entries()) {
        const seed = seeds[places.seed[index] ?? -1];
        if (seed !== undefined) expect(seed[places.chunk[index] ?? -1]).toBe(name);
      }
    }),
    { numRuns: 500 },
  );
});

it('a chunk of the same digest and another length is another chunk: one of the lists lies', () => {
  const sha256 = 'ab'.repeat(32);
  const wanted = readChunkList(writeChunkList([{ length: 10, sha256 }]));
  const seed = readChunkList(writeChunkList([{ length: 11, sha256 }]));
  expect(findInSeeds(wanted, [{ file: 'x.box', list: seed }]).found).toBe(0);
});
