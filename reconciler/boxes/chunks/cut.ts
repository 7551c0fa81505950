/**
 * Cuts a stream of bytes where its content says so: the same content is cut at the same places wherever it lies, so that what is
 * put in or taken out changes the pieces around it, and none behind.
 *
 * A gear hash rolls over the last 32 bytes; a piece ends where the hash's upper bits are all zero. Before the average length more
 * bits are asked for than behind it, so that most pieces are near it (normalised chunking, as in FastCDC).
 */

/** Lengths of pieces in bytes. `average` is a power of two from 16 on; only the last piece may be shorter than `least`. */
export type CutSizes = { readonly least: number; readonly average: number; readonly most: number };

/** How many bits more before the average, and fewer behind it. */
const NORMAL = 2;

/** Remembers the piece under way, so that it does not matter how the stream comes. */
export class Cutter {
  readonly #sizes: CutSizes;
  readonly #hard: number;
  readonly #easy: number;
  #length = 0;
  #hash = 0;

  constructor(sizes: CutSizes) {
    const bits = Math.log2(sizes.average);
    this.#sizes = sizes;
    this.#hard = upperBits(bits + NORMAL);
    this.#easy = upperBits(bits - NORMAL);
  }

  /** Where in `bytes`, from `from` on, the piece under way ends (exclusive); null: it goes on behind them. */
  cut(bytes: Uint8Array, from: number): number | null {
    const begin = from - this.#length;
    const { least, average, most } = this.#sizes;
    const end = Math.min(bytes.length, begin + most);
    const hashFrom = Math.min(Math.max(from, begin + least), end);
    const normalFrom = Math.min(Math.max(hashFrom, begin + average), end);
    const cut =
      this.#roll(bytes, hashFrom, normalFrom, this.#hard) ?? this.#roll(bytes, normalFrom, end, this.#easy);
    if (cut === null && end < begin + most) {
      this.#length = end - begin;
      return null;
    }
    this.#length = 0;
    this.#hash = 0;
    return cut ?? end;
  }

  /** Just behind the first byte of `bytes` in [from, to) at which the hash has none of the mask's bits. */
  #roll(bytes: Uint8Array, from: number, to: number, mask: number): number | null {
    let hash = this.#hash;
    for (let i = from; i < to; i++) {
      hash = ((hash << 1) + (GEAR[bytes[i] ?? 0] ?? 0)) | 0;
      if ((hash & mask) === 0) return i + 1;
    }
    this.#hash = hash;
    return null;
  }
}

const GEAR = gear(0x626f7872);

/** 256 numbers of 32 bits that look like chance, and are the same for ever: the finaliser of MurmurHash3 over a Weyl sequence. */
function gear(seed: number): Int32Array {
  return Int32Array.from({ length: 256 }, (_, index) => {
    let mixed = (seed + Math.imul(index + 1, 0x9e3779b9)) | 0;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return mixed ^ (mixed >>> 16);
  });
}

function upperBits(count: number): number {
  return -1 << (32 - count);
}
