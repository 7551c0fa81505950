/** Pieces deflated each by itself, several at once on Node's thread pool, and handed on in order. */
import { promisify } from 'node:util';
import { constants, deflateRaw } from 'node:zlib';

/** Enough to keep the thread pool busy, few enough to hold in memory. */
const AT_ONCE = 8;

/** `longest`: of the pieces, in bytes. Each piece is used up before the next is asked for. `level` is deflate's, 1 to 9. */
export async function* deflatePieces(
  pieces: AsyncIterable<Uint8Array>,
  longest: number,
  level: number,
): AsyncGenerator<Uint8Array> {
  const idle = Array.from({ length: AT_ONCE }, () => Buffer.allocUnsafe(longest));
  const under: Under[] = [];
  try {
    for await (const piece of pieces) {
      const input = idle.pop() ?? Buffer.allocUnsafe(longest);
      input.set(piece);
      under.push({ input, packed: deflatePiece(input.subarray(0, piece.length), level) });
      if (under.length === AT_ONCE) yield* endFirst(under, idle);
    }
    while (under.length > 0) yield* endFirst(under, idle);
  } finally {
    // what is under way still reads its input
    await Promise.allSettled(under.map(({ packed }) => packed));
  }
}

type Under = { readonly input: Buffer; readonly packed: Promise<Uint8Array> };

async function* endFirst(under: Under[], idle: Buffer[]): AsyncGenerator<Uint8Array> {
  const [first] = under;
  if (first === undefined) return;
  const packed = await first.packed;
  under.shift();
  idle.push(first.input);
  yield packed;
}

const deflate = promisify(deflateRaw);
/** What deflate adds at the most to a piece that cannot be made smaller, in bytes. With room for all, it has no say in the packing. */
const ADDED = 1024;

/**
 * Ends at a whole byte, has no last block, and looks back at nothing before it. Each piece has a deflate of its own: one that is reset
 * and used again lets bytes of the piece before it have a say in how this one is packed.
 */
function deflatePiece(piece: Uint8Array, level: number): Promise<Uint8Array> {
  return deflate(piece, { level, finishFlush: constants.Z_SYNC_FLUSH, chunkSize: piece.length + ADDED });
}
