import { constants, inflateRawSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { deflatePieces } from '../../../../reconciler/boxes/chunks/deflate-pieces.ts';
import { pseudoRandom } from './pseudo-random.ts';

const LONGEST = 40_000;

async function* each(pieces: readonly Buffer[]): AsyncGenerator<Uint8Array> {
  // as pieces come: in bytes that the next one overwrites
  const held = Buffer.alloc(LONGEST);
  for (const piece of pieces) {
    held.set(piece);
    yield held.subarray(0, piece.length);
  }
}

async function deflated(pieces: readonly Buffer[]): Promise<Buffer[]> {
  const packed: Buffer[] = [];
  for await (const bytes of deflatePieces(each(pieces), LONGEST, 6)) packed.push(Buffer.from(bytes));
  return packed;
}

/** Words of few letters: full of short matches. */
function text(length: number, seed: number): Buffer {
  return Buffer.from(pseudoRandom(length, seed).map((byte) => 97 + (byte % 7)));
}

const PIECES = Array.from({ length: 400 }, (_, index) => text(50 + ((index * 7919) % 30_000), index + 1));

it('each piece is packed by itself, in order', async () => {
  const packed = await deflated(PIECES);
  expect(packed).toHaveLength(PIECES.length);
  for (const [index, bytes] of packed.entries()) {
    const piece = inflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
    expect(piece.equals(PIECES[index] ?? Buffer.alloc(0))).toBe(true);
  }
});

it('a piece is packed to the same bytes, whatever was packed before it', async () => {
  const forwards = await deflated(PIECES);
  const backwards = await deflated(PIECES.toReversed());
  const others = forwards.filter(
    (bytes, index) => !bytes.equals(backwards.at(-1 - index) ?? Buffer.alloc(0)),
  );
  expect(others).toHaveLength(0);
});

it('no pieces are packed to nothing', async () => {
  expect(await deflated([])).toEqual([]);
});
