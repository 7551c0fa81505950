/** The journal of the attempt under way as a file, `<folder>/attempt.jsonl`. */
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Journal } from './outbox.ts';
import type { Reserve } from './reserve.ts';

/** @param reserve room that is freed for a line when the disk is full */
export function fileJournal(folder: string, reserve: Reserve): Journal {
  const file = join(folder, 'attempt.jsonl');
  return {
    read: () =>
      readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return null;
        throw error;
      }),
    create: async (line) => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await reserve.use(() => write(file, line, 'wx'));
      await syncFolder(folder);
    },
    append: (line) => reserve.use(() => write(file, line, 'a')),
    remove: async () => {
      await rm(file, { force: true });
      await syncFolder(folder);
    },
  };
}

async function write(file: string, line: string, flags: 'a' | 'wx'): Promise<void> {
  const handle = await open(file, flags, 0o600);
  try {
    const { size } = await handle.stat();
    try {
      await handle.appendFile(line);
      await handle.datasync();
    } catch (error) {
      // half a line would hide the next one
      await handle.truncate(size).catch(() => undefined);
      throw error;
    }
  } catch (error) {
    if (flags === 'wx') await rm(file, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

/** A new or removed name is durable only when its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
