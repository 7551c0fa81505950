/**
 * Packs a box so that what stays alike in it stays alike in its file: the tar's bytes are cut by their content, and each piece is
 * deflated by itself, to whole bytes. One gzip member that every gunzip reads. No time, no name: the same tar gives the same file.
 */
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { constants, crc32, deflateRaw } from 'node:zlib';
import type { CutSizes } from './cut.ts';
import { DescribedFile } from './described-file.ts';
import type { Description } from './description.ts';
import { piecesOf } from './pieces.ts';

const KIB = 1024;

export type PackOptions = {
  /** Of deflate, 1 to 9. */
  readonly level?: number;
  readonly signal?: AbortSignal;
  /** How the tar is cut; another way makes another file. */
  readonly sizes?: CutSizes;
};

const LEVEL = 6;
const SIZES: CutSizes = { least: 16 * KIB, average: 64 * KIB, most: 256 * KIB };

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

/** RFC 1952: deflate, no flags, no time, no word on how hard it was tried, and on no system in particular. */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
/** An empty last block: no piece is the last, so that each may follow any. */
const LAST_BLOCK = Buffer.from([0x03, 0x00]);

/** Pieces under way at once: Node deflates them on its thread pool. Enough to keep it busy, few enough to hold in memory. */
const AT_ONCE = 8;

async function pack(
  input: AsyncIterable<Uint8Array>,
  file: DescribedFile,
  { level = LEVEL, signal, sizes = SIZES }: PackOptions,
): Promise<Description> {
  const under: Promise<Buffer>[] = [];
  let check = 0;
  let size = 0;
  await file.putAlone(HEADER);
  try {
    for await (const piece of piecesOf(input, sizes)) {
      signal?.throwIfAborted();
      check = crc32(piece, check);
      size += piece.length;
      // a copy: its bytes lie where the next piece will
      under.push(deflatePiece(Buffer.from(piece), level));
      if (under.length >= AT_ONCE) await putFirst(under, file);
    }
    while (under.length > 0) await putFirst(under, file);
  } finally {
    await Promise.allSettled(under);
  }
  await file.putAlone(trailer(check, size));
  return file.end();
}

async function putFirst(under: Promise<Buffer>[], file: DescribedFile): Promise<void> {
  const [first] = under;
  if (first === undefined) return;
  await file.put(await first);
  under.shift();
}

const deflate = promisify(deflateRaw);

/** Ends at a whole byte, with no last block, and looks back at nothing before it. */
function deflatePiece(piece: Buffer, level: number): Promise<Buffer> {
  // room for one that cannot be made smaller: deflated in one go
  const chunkSize = piece.length + (piece.length >> 8) + KIB;
  return deflate(piece, { level, finishFlush: constants.Z_SYNC_FLUSH, chunkSize });
}

/** CRC-32 and length of what is packed, the length modulo 2^32. */
function trailer(check: number, size: number): Buffer {
  const bytes = Buffer.alloc(LAST_BLOCK.length + 8);
  LAST_BLOCK.copy(bytes);
  bytes.writeUInt32LE(check, 2);
  bytes.writeUInt32LE(size % 2 ** 32, 6);
  return bytes;
}
