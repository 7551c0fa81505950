/**
 * `<file>.partial` while a box is fetched by chunks: as long as the file, each chunk at its place once it is here and right. Which
 * ones are is in `<file>.have`: first the chunk is written, then its bit, so that a crash at any moment loses what was in flight.
 * Nothing there is believed: after a crash each chunk that is said to be here is hashed again.
 */
import { hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BoxreeveError, ExitCode } from '../../errors.ts';
import type { ChunkList } from '../chunks/chunk-list.ts';
import { digestOf, local, syncFolder, writeAll } from '../local-disk.ts';
import { bitmapOf, bytesFor, holds, setBit } from './bitmap.ts';
import { haveOf, listOf, originOf, partialOf } from './files.ts';

/** The catalogue contradicts itself: someone must correct it, or build the box's chunk list anew. */
export class ChunksContradict extends BoxreeveError {
  readonly exitCode = ExitCode.failed;
}

/** What is here is at odds with itself, and is thrown away. Its message says how. */
type Opened = { readonly partial: PartialChunks; readonly thrownAway: string | null };

export class PartialChunks {
  readonly #file: string;
  readonly #list: ChunkList;
  readonly #data: FileHandle;
  readonly #have: FileHandle;
  readonly #bits: Buffer;
  #saved: Promise<void> = Promise.resolve();

  private constructor(file: string, list: ChunkList, data: FileHandle, have: FileHandle, bits: Buffer) {
    this.#file = file;
    this.#list = list;
    this.#data = data;
    this.#have = have;
    this.#bits = bits;
  }

  /** Takes up what is here of the file, after looking at every chunk of it. Throws BoxNotWritten or DiskShort. */
  static async open(file: string, list: ChunkList, signal: AbortSignal): Promise<Opened> {
    const claimed = await claims(file, list);
    if (typeof claimed === 'string') await discard(file);
    const bits = typeof claimed === 'string' ? bitmapOf(list.count) : claimed;
    await rm(originOf(file), { force: true });
    const data = await local(file, open(partialOf(file), existsSync(partialOf(file)) ? 'r+' : 'w+', 0o644));
    try {
      await local(file, data.truncate(list.size));
      await keepRight(data, list, bits, signal);
      const have = await local(file, open(haveOf(file), existsSync(haveOf(file)) ? 'r+' : 'w', 0o644));
      const partial = new PartialChunks(file, list, data, have, bits);
      await local(file, writeAll(have, bits, 0));
      return { partial, thrownAway: typeof claimed === 'string' ? claimed : null };
    } catch (error) {
      await data.close();
      throw error;
    }
  }

  has(chunk: number): boolean {
    return holds(this.#bits, chunk);
  }

  /** Writes a chunk that was found right. Throws BoxNotWritten or DiskShort. */
  async put(chunk: number, bytes: Uint8Array): Promise<void> {
    await local(this.#file, writeAll(this.#data, bytes, this.#list.at(chunk)));
    setBit(this.#bits, chunk, true);
    // one after the other: of two writes of one byte the later must win
    const byte = chunk >>> 3;
    this.#saved = this.#saved.then(() => writeAll(this.#have, this.#bits.subarray(byte, byte + 1), byte));
    await local(this.#file, this.#saved);
  }

  /** Gives the file its name, all of it being here. Throws ChunksContradict (nothing is kept), BoxNotWritten or DiskShort. */
  async finish(sha256: string, signal: AbortSignal): Promise<void> {
    await local(this.#file, this.#data.sync());
    const got = await digestOf(partialOf(this.#file), signal);
    if (got !== sha256) {
      await discard(this.#file);
      await rm(listOf(this.#file), { force: true });
      throw new ChunksContradict(
        `every chunk is as the catalogue's chunk list has it, and the whole has SHA-256 ${got}, where sha256 in the catalogue is ${sha256}: ` +
          'sha256 and chunks there are not of one file. Correct them; nothing was kept',
      );
    }
    await local(this.#file, rename(partialOf(this.#file), this.#file));
    await local(this.#file, syncFolder(dirname(this.#file)));
    await rm(haveOf(this.#file), { force: true });
  }

  async close(): Promise<void> {
    await this.#data.close();
    await this.#have.close();
  }
}

/** Bytes that are said to be in the partial; 0 if what is here does not fit. */
export async function bytesClaimed(file: string, list: ChunkList): Promise<number> {
  const claimed = await claims(file, list);
  let bytes = 0;
  for (let chunk = 0; chunk < list.count; chunk++)
    if (typeof claimed !== 'string' && holds(claimed, chunk)) bytes += list.lengthAt(chunk);
  return bytes;
}

/** The chunks that are said to be here; in words what is wrong if that cannot be. */
async function claims(file: string, list: ChunkList): Promise<Buffer | string> {
  const size = (await stat(partialOf(file)).catch(() => null))?.size ?? null;
  const have = await readFile(haveOf(file)).catch(() => null);
  if (size === null)
    return have === null ? bitmapOf(list.count) : `there is a ${haveOf(file)}, and no partial`;
  if (size > list.size) return `${partialOf(file)} has ${size} bytes, and the box ${list.size}`;
  if (have === null) return chunksWithin(list, size);
  if (size !== list.size) return `${partialOf(file)} has ${size} bytes, and the box ${list.size}`;
  if (have.length !== bytesFor(list.count))
    return `${haveOf(file)} has ${have.length} bytes, and ${list.count} chunks take ${bytesFor(list.count)}`;
  return have;
}

/** What was fetched as a whole, from the beginning on, and was cut. */
function chunksWithin(list: ChunkList, size: number): Buffer {
  const bits = bitmapOf(list.count);
  for (let chunk = 0; chunk < list.count && list.at(chunk + 1) <= size; chunk++) setBit(bits, chunk, true);
  return bits;
}

/** Takes out of the bitmap what is not right on the disk. */
async function keepRight(
  data: FileHandle,
  list: ChunkList,
  bits: Buffer,
  signal: AbortSignal,
): Promise<void> {
  for (let chunk = 0; chunk < list.count; chunk++) {
    if (!holds(bits, chunk)) continue;
    signal.throwIfAborted();
    const buffer = Buffer.allocUnsafe(list.lengthAt(chunk));
    const { bytesRead } = await data.read(buffer, 0, buffer.length, list.at(chunk));
    if (bytesRead < buffer.length || !isRight(list, chunk, buffer)) setBit(bits, chunk, false);
  }
}

/** Whether these are the bytes of the chunk. */
export function isRight(list: ChunkList, chunk: number, bytes: Uint8Array): boolean {
  return (
    bytes.length === list.lengthAt(chunk) && list.digestAt(chunk).equals(hash('sha256', bytes, 'buffer'))
  );
}

async function discard(file: string): Promise<void> {
  await rm(partialOf(file), { force: true });
  await rm(haveOf(file), { force: true });
}
