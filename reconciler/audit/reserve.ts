/**
 * Room kept on disk so that what happened can be written down when the disk is full: a file that is given up for it, and made
 * again when there is room.
 */
import { open, rm, stat } from 'node:fs/promises';

const RESERVE_BYTES = 4 * 1024 * 1024;

export type Reserve = {
  /** Runs work that records something; on a full disk gives the reserve up and runs it once more. */
  use<T>(work: () => Promise<T>): Promise<T>;
};

export function openReserve(file: string): Reserve {
  return {
    use: async (work) => {
      await fill(file);
      try {
        return await work();
      } catch (error) {
        if (!isDiskFull(error)) throw error;
        await rm(file, { force: true });
        return work();
      }
    },
  };
}

const DISK_FULL = /no space left on device|out of diskspace/i;

/** ENOSPC from Node, or Git's words for it, of which it has several. */
function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ('code' in error && error.code === 'ENOSPC') || DISK_FULL.test(error.message);
}

/** Makes the file whole again, with real blocks, if there is room. */
async function fill(file: string): Promise<void> {
  if ((await stat(file).catch(() => null))?.size === RESERVE_BYTES) return;
  try {
    const handle = await open(file, 'w', 0o600);
    try {
      // not `write`: on a nearly full disk that writes a part, and calls it well done
      await handle.writeFile(Buffer.alloc(RESERVE_BYTES, 1));
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    await rm(file, { force: true });
  }
}
