/**
 * A box may hold its guest's files in an archive of their own: one for LXC is a tar of a few small files and `rootfs.tar.gz`. As that is
 * packed by another tool, one changed file in it changes all that comes behind; packed anew like the box itself, it does not.
 * The members' content stays what it was, once unpacked; every header but theirs is handed on byte for byte.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Description } from './description.ts';
import { type PackOptions, packBox } from './pack.ts';
import { TAR_BLOCK, type TarHeader, tarHeaderOf, withSize } from './tar-header.ts';
import { BoxDamaged, NotATar, tarOf } from './tar-of-box.ts';

/**
 * Packs a box anew that another tool has packed, and the archives in it. Beside the output there is a folder meanwhile, with room for the
 * largest of them, twice. Throws NotATar if it is no tar in gzip, nor a plain one: it can be described as it is. Else throws as `packBox`
 * does, or BoxDamaged.
 */
export async function repackBox(
  input: string,
  output: string,
  options: Omit<PackOptions, 'tarSize'> = {},
): Promise<Description> {
  const tarSize = await lengthOf(tarOf(input, options.signal));
  const folder = await mkdtemp(`${output}.members-`);
  try {
    return await packBox(tarWithArchivesRepacked(input, folder, options.signal), output, {
      ...options,
      tarSize,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Members that are packed anew. */
const ARCHIVE = /\.(tar\.gz|tgz)$/;

/** Throws as `tarOf` does, BoxDamaged where the tar is cut short, or as the file system does. */
async function* tarWithArchivesRepacked(
  box: string,
  folder: string,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const tar = new TarReader(box, tarOf(box, signal));
  /** A header that says more of the next member, its size perhaps, came just before: that member is left as it is. */
  let extended = false;
  for (;;) {
    const block = await tar.block();
    if (block === null) return;
    const header = tarHeaderOf(block);
    if (header === null) yield block;
    else if (isArchive(header) && !extended) yield* repacked(block, header, tar, folder, signal);
    else {
      yield block;
      yield* tar.take(padded(header.size));
    }
    extended = header?.kind === 'extension';
  }
}

function isArchive({ kind, name, size }: TarHeader): boolean {
  return kind === 'file' && ARCHIVE.test(name) && size > 0;
}

async function* repacked(
  block: Buffer,
  { size, name }: TarHeader,
  tar: TarReader,
  folder: string,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const was = join(folder, 'member');
  const is = join(folder, 'member-repacked');
  try {
    await pipeline(Readable.from(tar.take(size)), createWriteStream(was));
    await tar.skip(padded(size) - size);
    const better = await packedAnew(was, is, signal);
    const file = better ? is : was;
    const length = (await stat(file)).size;
    const header = withSize(block, length);
    if (header === null) throw new BoxDamaged(`${name} is too large for a tar`);
    yield header;
    yield* createReadStream(file);
    yield Buffer.alloc(padded(length) - length);
  } finally {
    await rm(was, { force: true });
    await rm(is, { force: true });
  }
}

/** false: it is no tar, whatever it is called, and stays as it is. */
async function packedAnew(was: string, is: string, signal?: AbortSignal): Promise<boolean> {
  try {
    const tarSize = await lengthOf(tarOf(was, signal));
    await packBox(tarOf(was, signal), is, { tarSize, ...(signal === undefined ? {} : { signal }) });
    return true;
  } catch (error) {
    if (error instanceof NotATar || error instanceof BoxDamaged) return false;
    throw error;
  }
}

async function lengthOf(bytes: AsyncIterable<Uint8Array>): Promise<number> {
  let length = 0;
  for await (const part of bytes) length += part.length;
  return length;
}

function padded(size: number): number {
  return Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
}

/** Hands out a stream by the amount. */
class TarReader {
  readonly #box: string;
  readonly #parts: AsyncIterator<Uint8Array>;
  #held: Uint8Array = new Uint8Array(0);

  constructor(box: string, tar: AsyncIterable<Uint8Array>) {
    this.#box = box;
    this.#parts = tar[Symbol.asyncIterator]();
  }

  /** The next block; null at the end. */
  async block(): Promise<Buffer | null> {
    const block = Buffer.alloc(TAR_BLOCK);
    let here = 0;
    for await (const part of this.#upTo(TAR_BLOCK)) {
      block.set(part, here);
      here += part.length;
    }
    if (here === 0) return null;
    if (here < TAR_BLOCK) throw this.#cutShort();
    return block;
  }

  /** So many bytes; throws BoxDamaged if there are not as many. */
  async *take(length: number): AsyncGenerator<Uint8Array> {
    let here = 0;
    for await (const part of this.#upTo(length)) {
      here += part.length;
      yield part;
    }
    if (here < length) throw this.#cutShort();
  }

  async skip(length: number): Promise<void> {
    const parts = this.take(length);
    while ((await parts.next()).done !== true);
  }

  async *#upTo(length: number): AsyncGenerator<Uint8Array> {
    for (let left = length; left > 0; ) {
      if (this.#held.length === 0) {
        const next = await this.#parts.next();
        if (next.done === true) return;
        // its bytes are good until the next is asked for, and some of them may be handed out after that
        this.#held = Buffer.from(next.value);
      }
      const part = this.#held.subarray(0, left);
      this.#held = this.#held.subarray(part.length);
      left -= part.length;
      yield part;
    }
  }

  #cutShort(): BoxDamaged {
    return new BoxDamaged(`${this.#box} ends in the middle of a file: make it, or fetch it, again`);
  }
}
