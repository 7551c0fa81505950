/** The mark that Boxreeve leaves in the folder of a box it added: which file it came from. */
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { BoxSpec } from '../desired/spec.ts';
import { BOX_MARKER, boxFolder } from '../observed/vagrant-store.ts';

/** @param addedAt ISO 8601 UTC. Throws if Vagrant has no such box. */
export async function writeMarker(vagrantHome: string, box: BoxSpec, addedAt: string): Promise<void> {
  const folder = boxFolder(vagrantHome, box);
  if (folder === undefined)
    throw new Error(`vagrant box add succeeded, and ${box.name} ${box.version} is not in its store`);
  await writeFileAtomic(join(folder, BOX_MARKER), `${JSON.stringify({ sha256: box.sha256, addedAt })}\n`, {
    mode: 0o644,
  });
}
