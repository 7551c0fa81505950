/**
 * Packs a box so that what stays alike in it stays alike in its file: the tar's bytes are cut by their content, and each piece is
 * deflated by itself, to whole bytes. One gzip member that every gunzip reads. No time, no name: the same tar gives the same file.
 */
import { rm } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { CutSizes } from './cut.ts';
import { deflatePieces } from './deflate-pieces.ts';
import { DescribedFile } from './described-file.ts';
import type { Description } from './description.ts';
import { piecesOf } from './pieces.ts';

export type PackOptions = {
  /** Of deflate, 1 to 9. */
  readonly level?: number;
  readonly signal?: AbortSignal;
  /** About how long the tar is, in bytes; a short one if nothing is said. Says how finely it is cut. */
  readonly tarSize?: number;
};

const LEVEL = 6;

/**
 * Packs a tar. Throws what the input throws, why the signal was aborted, or as the file system does; no output is left then.
 * Each part of the input is used up before the next is asked for.
 */
export async function packBox(
  input: AsyncIterable<Uint8Array>,
  output: string,
  options: PackOptions = {},
): Promise<Description> {
  const file = await DescribedFile.open(output);
  try {
    return await pack(input, file, options);
  } catch (error) {
    await rm(output, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

const KIB = 1024;
const GIB = 1024 ** 3;

/**
 * Fine cuts move less when something changes, and make the file and its list longer. In longer tars they are coarser, so that no list
 * comes to more than some 30 MB (docs/explanation/only-what-changed.md). A box that grows past a border is another one in every chunk,
 * once: there are few.
 */
const AVERAGES = [
  { upTo: 8 * GIB, average: 16 * KIB },
  { upTo: 64 * GIB, average: 64 * KIB },
] as const;
const COARSEST = { average: 256 * KIB };

/** How a tar of so many bytes is cut. */
function sizesFor(tarSize: number): CutSizes {
  const { average } = AVERAGES.find(({ upTo }) => tarSize <= upTo) ?? COARSEST;
  return { least: average / 4, average, most: 4 * average };
}

/** RFC 1952: deflate, no flags, no time, no word on how hard it was tried, and on no system in particular. */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
/** An empty last block: no piece is the last, so that each may follow any. */
const LAST_BLOCK = Buffer.from([0x03, 0x00]);

async function pack(
  input: AsyncIterable<Uint8Array>,
  file: DescribedFile,
  { level = LEVEL, signal, tarSize = 0 }: PackOptions,
): Promise<Description> {
  const sizes = sizesFor(tarSize);
  const sum = new TarSum();
  await file.putAlone(HEADER);
  for await (const packed of deflatePieces(sum.over(piecesOf(input, sizes)), sizes.most, level)) {
    signal?.throwIfAborted();
    await file.put(packed);
  }
  await file.putAlone(Buffer.concat([LAST_BLOCK, sum.trailer()]));
  return file.end();
}

/** What the file's end says of the tar. */
class TarSum {
  #check = 0;
  #size = 0;

  async *over(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      this.#check = crc32(piece, this.#check);
      this.#size += piece.length;
      yield piece;
    }
  }

  /** CRC-32 and length, the length modulo 2^32. */
  trailer(): Buffer {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32LE(this.#check, 0);
    bytes.writeUInt32LE(this.#size % 2 ** 32, 4);
    return bytes;
  }
}
