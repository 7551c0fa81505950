/** Tells what is the matter with this host's own disk from what is the matter with a source, and writes to it in full. */
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { BoxreeveError, DiskShort, ExitCode } from '../errors.ts';
import { codeOf } from '../observed/vagrant-files.ts';
import { bytesOf } from './chunks/file-bytes.ts';

/** The disk of this host does not take what is fetched: no other source can help. */
export class BoxNotWritten extends BoxreeveError {
  readonly exitCode = ExitCode.failed;
}

/** Work on this host's disk for a file. Throws DiskShort or BoxNotWritten. */
export async function local<T>(file: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOSPC' || code === 'EDQUOT')
      throw new DiskShort(`the disk of ${file} is full`, { cause: error });
    const why = error instanceof Error ? error.message : String(error);
    throw new BoxNotWritten(`what is fetched to ${file} cannot be written: ${why}`, { cause: error });
  }
}

/** A write may take less than it is given, on a disk that is nearly full say. */
export async function writeAll(handle: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
}

/** Makes a rename in the folder last. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}

/** SHA-256 of a file, in hexadecimal. */
export async function digestOf(file: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of bytesOf(file, signal)) hash.update(bytes);
  return hash.digest('hex');
}
