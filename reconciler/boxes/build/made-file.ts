/** Digest and size of a file that a stage has made. */
import { stat } from 'node:fs/promises';
import { digestOf } from '../local-disk.ts';
import type { MadeFile } from './journal.ts';

/** Throws as the file system does, or why the signal was aborted. */
export async function describeMade(file: string, signal: AbortSignal): Promise<MadeFile> {
  return { sha256: await digestOf(file, signal), size: (await stat(file)).size };
}
