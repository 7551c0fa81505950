/** Another host as far as its folder of boxes goes: read as a peer reads it, without the SSH between. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { PeerSource } from '../../../../reconciler/boxes/peers/peer-source.ts';
import { SourceMissed } from '../../../../reconciler/boxes/sources/source.ts';
import { anySource } from '../any-source.ts';

export function folderPeer(
  name: string,
  folder: string,
  sha256: string,
  more: Partial<PeerSource> = {},
): PeerSource {
  const file = join(folder, `${sha256}.box`);
  return {
    name,
    address: `sftp://${name}/boxes/${sha256}.box`,
    open: async (resume, signal) => {
      const path = [file, `${file}.partial`].find((each) => existsSync(each));
      if (path === undefined) throw new SourceMissed('there is no such file');
      return anySource(pathToFileURL(path).href).open(resume, signal);
    },
    close: () => {},
    have: async () => (existsSync(file) ? 'all' : readFile(`${file}.have`).catch(() => null)),
    list: () => readFile(join(folder, `${sha256}.chunks`)).catch(() => null),
    ...more,
  };
}
