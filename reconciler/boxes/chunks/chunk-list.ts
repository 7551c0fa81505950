/**
 * A chunk list: the chunks of a box's file in order, each with its length and SHA-256. The list's own digest is in the signed
 * catalogue, so each chunk can be judged the moment it is here, from whatever source, in any order.
 *
 * Version 1 is the line `boxreeve-chunks 1`, and then for each chunk 4 bytes length (big endian) and 32 bytes SHA-256. Nothing else.
 */
import { createHash } from 'node:crypto';

/** One chunk: `at` bytes from the file's beginning. */
export type Chunk = { readonly at: number; readonly length: number; readonly sha256: string };

/** Holds the list as it is written, and no object a chunk: a file of 40 GB has some 600 000. Chunks count from 0. */
export type ChunkList = {
  readonly bytes: Buffer;
  /** Of the file, in bytes: the sum of the lengths. */
  readonly size: number;
  readonly count: number;
  chunk(index: number): Chunk;
  /** Bytes from the file's beginning to the chunk's; for `count`, the file's size. */
  at(index: number): number;
  lengthAt(index: number): number;
  /** The 32 bytes of the chunk's SHA-256, in the list itself. */
  digestAt(index: number): Buffer;
};

/** What is given as a chunk list is none. Says at which chunk. */
export class BadChunkList extends Error {}

/** No chunk is longer, in bytes. */
export const LONGEST_CHUNK = 2 ** 24;

const MAGIC = Buffer.from('boxreeve-chunks 1\n', 'latin1');
const LENGTH = 4;
const DIGEST = 32;
const ENTRY = LENGTH + DIGEST;

/**
 * No list of a file of so many bytes is longer, in bytes: what is longer need not be read to its end. Two chunks that follow each other
 * have 4 KiB together, but for the first and the last (described-file.ts).
 */
export function longestList(size: number): number {
  return MAGIC.length + ENTRY * (Math.ceil(size / 2048) + 4);
}

/** Reads a list. Throws BadChunkList. The bytes are kept, not copied. */
export function readChunkList(bytes: Uint8Array): ChunkList {
  const list = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = countIn(list);
  const ats = new Float64Array(count + 1);
  let size = 0;
  for (let index = 0; index < count; index++) {
    const length = list.readUInt32BE(entryAt(index));
    assertLength(index, length);
    ats[index] = size;
    size += length;
    if (!Number.isSafeInteger(size)) {
      throw new BadChunkList(`the chunks up to chunk ${index} are longer together than any file`);
    }
  }
  ats[count] = size;
  return overBytes(list, ats);
}

/** Writes a list. Throws BadChunkList for a chunk that none can hold. */
export function writeChunkList(chunks: Iterable<Pick<Chunk, 'length' | 'sha256'>>): Buffer {
  const writer = new ChunkListWriter();
  for (const { length, sha256 } of chunks) writer.add(length, Buffer.from(sha256, 'hex'));
  return writer.bytes();
}

/** What the catalogue says of a list: the SHA-256 of its bytes, in hexadecimal. */
export function chunkListDigest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Writes a list chunk by chunk. */
export class ChunkListWriter {
  #bytes = Buffer.alloc(64 * 1024);
  #end = MAGIC.copy(this.#bytes);
  #count = 0;

  /** The next chunk: its length in bytes, and the 32 bytes of its SHA-256. Throws BadChunkList. */
  add(length: number, digest: Uint8Array): void {
    assertLength(this.#count, length);
    if (digest.length !== DIGEST) {
      throw new BadChunkList(
        `chunk ${this.#count} has a digest of ${digest.length} bytes, and SHA-256 has 32`,
      );
    }
    this.#makeRoom();
    this.#bytes.writeUInt32BE(length, this.#end);
    this.#bytes.set(digest, this.#end + LENGTH);
    this.#end += ENTRY;
    this.#count += 1;
  }

  /** The list so far. */
  bytes(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#end));
  }

  #makeRoom(): void {
    if (this.#end + ENTRY <= this.#bytes.length) return;
    const wider = Buffer.alloc(this.#bytes.length * 2);
    this.#bytes.copy(wider);
    this.#bytes = wider;
  }
}

function overBytes(bytes: Buffer, ats: Float64Array): ChunkList {
  const count = ats.length - 1;
  const at = (index: number) => {
    const found = ats[index];
    if (found === undefined) throw new RangeError(`there is no chunk ${index} of ${count}`);
    return found;
  };
  const lengthAt = (index: number) => at(index + 1) - at(index);
  const digestAt = (index: number) => bytes.subarray(entryAt(index) + LENGTH, entryAt(index + 1));
  const chunk = (index: number) => ({
    at: at(index),
    length: lengthAt(index),
    sha256: digestAt(index).toString('hex'),
  });
  return { bytes, size: at(count), count, chunk, at, lengthAt, digestAt };
}

function countIn(list: Buffer): number {
  if (!list.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new BadChunkList(
      'it does not begin with "boxreeve-chunks 1": it is no chunk list, or of a later version',
    );
  }
  const count = (list.length - MAGIC.length) / ENTRY;
  if (!Number.isInteger(count)) throw new BadChunkList(`it breaks off within chunk ${Math.floor(count)}`);
  return count;
}

function assertLength(index: number, length: number): void {
  if (length >= 1 && length <= LONGEST_CHUNK && Number.isInteger(length)) return;
  throw new BadChunkList(`chunk ${index} has ${length} bytes, and a chunk has 1 to ${LONGEST_CHUNK}`);
}

function entryAt(index: number): number {
  return MAGIC.length + index * ENTRY;
}
