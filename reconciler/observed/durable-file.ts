/** Replaces a file so that after a crash, also one of the whole host, there is the old content or the new, whole. */
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';

/** Durable when it resolves. Folders that are missing are made with mode 0700. */
export async function replaceFile(file: string, content: string, mode: number): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFileAtomic(file, content, { mode, fsync: true });
  await syncFolder(dirname(file));
}

/** Makes the names in a folder durable: a rename lasts only once its folder was written. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
