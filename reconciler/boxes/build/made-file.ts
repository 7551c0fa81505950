/** Digest and size of a file that a stage has made. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { MadeFile } from './journal.ts';

/** Throws as the file system does, or why the signal was aborted. */
export async function describeMade(file: string, signal: AbortSignal): Promise<MadeFile> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const part of createReadStream(file, { highWaterMark: 1024 * 1024, signal })) {
    hash.update(part);
    size += part.length;
  }
  return { sha256: hash.digest('hex'), size };
}
