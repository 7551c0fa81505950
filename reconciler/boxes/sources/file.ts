/** `file:///…`: a file of this host, or of a volume mounted on it. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type OpenSource, SourceMissed } from './source.ts';

export const openFile: OpenSource = async (source, from, signal) => {
  const path = pathOf(source);
  const about = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new SourceMissed(error.code === 'ENOENT' ? 'there is no such file' : error.message);
  });
  if (!about.isFile()) throw new SourceMissed('is not a file');
  return { from, chunks: createReadStream(path, { start: from, signal, highWaterMark: 1024 * 1024 }) };
};

function pathOf(source: string): string {
  try {
    return fileURLToPath(source);
  } catch {
    throw new SourceMissed('is no file URL of this host: write file:///path');
  }
}
