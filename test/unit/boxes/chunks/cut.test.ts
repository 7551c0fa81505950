import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type CutSizes, Cutter } from '../../../../reconciler/boxes/chunks/cut.ts';
import { piecesOf } from '../../../../reconciler/boxes/chunks/pieces.ts';
import { inParts, pseudoRandom } from './pseudo-random.ts';

const SMALL: CutSizes = { least: 64, average: 256, most: 1024 };

/** Runs of one byte and bytes like chance, as files have them. */
const content = fc
  .array(fc.record({ length: fc.nat(3000), seed: fc.nat(50), still: fc.boolean() }), { maxLength: 12 })
  .map((runs) =>
    Buffer.concat(
      runs.map(({ length, seed, still }) =>
        still ? Buffer.alloc(length, seed) : pseudoRandom(length, seed + 1),
      ),
    ),
  );

async function cutAs(bytes: Uint8Array, parts: readonly number[], sizes = SMALL): Promise<Buffer[]> {
  const pieces: Buffer[] = [];
  for await (const piece of piecesOf(inParts(bytes, parts), sizes)) pieces.push(Buffer.from(piece));
  return pieces;
}

const whole = (bytes: Uint8Array, sizes = SMALL) => cutAs(bytes, [bytes.length + 1], sizes);

it('the pieces put together are what was cut', async () => {
  await fc.assert(
    fc.asyncProperty(content, async (bytes) => {
      expect(Buffer.concat(await whole(bytes)).equals(bytes)).toBe(true);
    }),
  );
});

it('the pieces are the same, however the stream comes in', async () => {
  const parts = fc.array(fc.integer({ min: 1, max: 2500 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(content, parts, async (bytes, lengths) => {
      expect(await cutAs(bytes, lengths)).toEqual(await whole(bytes));
    }),
  );
});

it('no piece but the last is shorter than the least, and none longer than the most', async () => {
  await fc.assert(
    fc.asyncProperty(content, async (bytes) => {
      const lengths = (await whole(bytes)).map(({ length }) => length);
      expect(Math.max(0, ...lengths)).toBeLessThanOrEqual(SMALL.most);
      expect(Math.min(SMALL.least, ...lengths.slice(0, -1))).toBe(SMALL.least);
    }),
  );
});

it('pieces are about as long as asked for', async () => {
  const bytes = pseudoRandom(4 * 1024 * 1024, 3);
  for (const average of [1024, 4096, 16_384]) {
    const pieces = await whole(bytes, { least: average / 4, average, most: 4 * average });
    const mean = bytes.length / pieces.length;
    expect(mean).toBeGreaterThan(0.8 * average);
    expect(mean).toBeLessThan(1.6 * average);
  }
});

it('what is put in, taken out or written over changes the pieces around it, and few behind', async () => {
  const bytes = pseudoRandom(1024 * 1024, 5);
  const before = new Set((await whole(bytes)).map((piece) => piece.toString('latin1')));
  const changes = fc.record({
    at: fc.nat(bytes.length),
    out: fc.nat(600),
    put: fc.nat(600),
    seed: fc.integer({ min: 1000, max: 2000 }),
  });
  await fc.assert(
    fc.asyncProperty(changes, async ({ at, out, put, seed }) => {
      const changed = [bytes.subarray(0, at), pseudoRandom(put, seed), bytes.subarray(at + out)];
      const fresh = (await whole(Buffer.concat(changed))).filter(
        (piece) => !before.has(piece.toString('latin1')),
      );
      expect(fresh.length).toBeLessThanOrEqual(24);
    }),
    { numRuns: 40 },
  );
});

it('zeros without end are cut at the most, into pieces that are all alike', async () => {
  const lengths = (await whole(Buffer.alloc(10_240))).map(({ length }) => length);
  expect(lengths).toEqual(Array(10).fill(1024));
});

it('cuts are where they always were: other places would make every box another', () => {
  const bytes = pseudoRandom(256 * 1024, 7);
  const cutter = new Cutter(SMALL);
  const cuts: number[] = [];
  for (let at = cutter.cut(bytes, 0); at !== null; at = cutter.cut(bytes, at)) cuts.push(at);
  expect(cuts.slice(0, 6)).toEqual([384, 683, 949, 1286, 1625, 1933]);
  expect(createHash('sha256').update(cuts.join()).digest('hex')).toBe(
    '6cc4cb913ed95a35fea7792b26fd94f70bd72f9a4babe99360b743065bc3d56f',
  );
});
