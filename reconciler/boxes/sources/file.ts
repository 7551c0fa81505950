/** `file:///…`: a file of this host, or of a volume mounted on it. */
import { open, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type OpenSource, SourceMissed } from './source.ts';

const PIECE = 1024 * 1024;

export const openFile: OpenSource = async (source, resume) => {
  const path = pathOf(source);
  // looked at before it is opened: opening a pipe would wait for its writer
  const about = await stat(path).catch(missed);
  if (!about.isFile()) throw new SourceMissed('is not a file');
  const validator = `${about.size} ${about.mtimeMs}`;
  const from = resume.validator === null || resume.validator === validator ? resume.from : 0;
  const handle = await open(path, 'r').catch(missed);
  const chunks = handle.createReadStream({
    start: from,
    ...(resume.to === null ? {} : { end: resume.to - 1 }),
    highWaterMark: PIECE,
  });
  return { from, size: about.size, validator, chunks, close: () => void chunks.destroy() };
};

function missed(error: NodeJS.ErrnoException): never {
  throw new SourceMissed(
    error.code === 'ENOENT' ? 'there is no such file' : `cannot be read (${error.code})`,
  );
}

function pathOf(source: string): string {
  try {
    return fileURLToPath(source);
  } catch {
    throw new SourceMissed('is no address of a file on this host: write file:///path');
  }
}
