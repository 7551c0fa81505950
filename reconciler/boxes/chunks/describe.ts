/** Makes the chunk list of a file as it is, whoever made it. */
import type { CutSizes } from './cut.ts';
import { Describer, type Description } from './description.ts';
import { bytesOf } from './file-bytes.ts';
import { piecesOf } from './pieces.ts';

const KIB = 1024;
const SIZES: CutSizes = { least: 16 * KIB, average: 64 * KIB, most: 256 * KIB };

/** Reads the file once, whatever its size in the same memory. Throws as the file system does, or why the signal was aborted. */
export async function describeFile(file: string, signal?: AbortSignal): Promise<Description> {
  const describer = new Describer();
  for await (const piece of piecesOf(bytesOf(file, signal), SIZES)) describer.add(piece);
  return describer.end();
}
