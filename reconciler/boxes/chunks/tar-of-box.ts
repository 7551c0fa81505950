/** The tar in a box's file, whatever it was packed by. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { BoxreeveError, ExitCode } from '../../errors.ts';
import { bytesOf } from './file-bytes.ts';
import { isTarHeader, TAR_BLOCK } from './tar-header.ts';

/** The box is of another kind. It can be catalogued as it is. */
export class NotATar extends BoxreeveError {
  readonly exitCode = ExitCode.invalidInput;
}

/** The box cannot be read to its end: it must be made or fetched again. */
export class BoxDamaged extends BoxreeveError {
  readonly exitCode = ExitCode.invalidInput;
}

/** Throws NotATar before it gives anything, BoxDamaged, as the file system does, or why the signal was aborted. */
export async function* tarOf(box: string, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const magic = await firstBytes(box, 4);
  if (magic.equals(ZIP)) throw new NotATar(`${box} is a zip file, and only a tar can be packed anew`);
  if (magic.subarray(0, 2).equals(GZIP)) yield* assertTar(box, gunzipped(box, signal));
  else yield* assertTar(box, bytesOf(box, signal));
}

const ZIP = Buffer.from('PK\x03\x04', 'latin1');
const GZIP = Buffer.from([0x1f, 0x8b]);

/** Fewer if the file has fewer. */
async function firstBytes(file: string, count: number): Promise<Buffer> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(count), 0, count, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

const GUNZIPPED_AT_ONCE = 256 * 1024;

async function* gunzipped(box: string, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: GUNZIPPED_AT_ONCE });
  // what breaks the one breaks the other, and is thrown where the bytes are read
  pipeline(createReadStream(box, { signal }), gunzip, () => {});
  try {
    yield* gunzip;
  } catch (error) {
    signal?.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    throw new BoxDamaged(`${box} cannot be unpacked: ${why}; make it, or fetch it, again`, { cause: error });
  }
}

/** Hands on what is a tar by its first header. */
async function* assertTar(box: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let first: Buffer | null = Buffer.alloc(0);
  for await (const part of bytes) {
    if (first === null) {
      yield part;
      continue;
    }
    first = Buffer.concat([first, part]);
    if (first.length < TAR_BLOCK) continue;
    if (!isTarHeader(first)) break;
    yield first;
    first = null;
  }
  if (first !== null) throw new NotATar(`${box} is no tar file, and only a tar can be packed anew`);
}
