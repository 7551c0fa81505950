/**
 * The catalogue file that `vagrant box add` is given: only through one does a box get a real version, and its digest checked by
 * Vagrant itself (VAGRANT.md trap 5).
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import writeFileAtomic from 'write-file-atomic';
import type { BoxSpec } from '../desired/spec.ts';
import { encodeBoxName } from '../observed/vagrant-store.ts';

/** Returns the catalogue's path. Vagrant remembers it as where the box came from, so it stays. */
export async function writeCatalog(folder: string, box: BoxSpec, file: string): Promise<string> {
  const provider = {
    name: box.provider,
    url: pathToFileURL(file).href,
    checksum_type: 'sha256',
    checksum: box.sha256,
  };
  const catalogue = { name: box.name, versions: [{ version: box.version, providers: [provider] }] };
  const path = join(folder, `${encodeBoxName(box.name)}.json`);
  await writeFileAtomic(path, `${JSON.stringify(catalogue, null, 2)}\n`, { mode: 0o600 });
  return path;
}
