/** The mark that Boxreeve leaves in the folder of a box it added: which file it came from, and what it takes of the disk. */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { BoxSpec } from '../desired/spec.ts';
import { BOX_MARKER, boxFolder } from '../observed/vagrant-store.ts';

/** @param addedAt ISO 8601 UTC. Throws if Vagrant has no such box. */
export async function writeMarker(vagrantHome: string, box: BoxSpec, addedAt: string): Promise<void> {
  const folder = boxFolder(vagrantHome, box);
  if (folder === undefined)
    throw new Error(`vagrant box add succeeded, and ${box.name} ${box.version} is not in its store`);
  const mark = { sha256: box.sha256, addedAt, bytes: await bytesBelow(folder) };
  await writeFileAtomic(join(folder, BOX_MARKER), `${JSON.stringify(mark)}\n`, { mode: 0o644 });
}

/** Bytes of what lstat calls a block, whatever the disk's own are. */
const BLOCK = 512;

/** What a folder takes of the disk: disks of guests have holes. */
async function bytesBelow(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true });
  let sum = 0;
  for (const entry of entries) {
    const path = join(folder, entry.name);
    sum += entry.isDirectory() ? await bytesBelow(path) : (await lstat(path)).blocks * BLOCK;
  }
  return sum;
}
