/** The private keys that everybody has, as Vagrant keeps them: one, and since 2.3.8 a folder with one for each kind besides. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WellKnownKey } from './log-in.ts';

const ONE = 'insecure_private_key';
const FOLDER = 'insecure_private_keys';

/** Empty if Vagrant has laid none here yet. */
export async function wellKnownKeys(vagrantHome: string): Promise<readonly WellKnownKey[]> {
  const inFolder = await readdir(join(vagrantHome, FOLDER)).catch((): string[] => []);
  const names = [ONE, ...inFolder.sort().map((name) => join(FOLDER, name))];
  const { default: ssh2 } = await import('ssh2');
  const found = new Map<string, WellKnownKey>();
  for (const name of names) {
    const key = await readFile(join(vagrantHome, name)).catch(() => null);
    const parsed = key && ssh2.utils.parseKey(key);
    if (key === null || parsed === null || parsed instanceof Error || !parsed.isPrivateKey()) continue;
    const publicPart = parsed.getPublicSSH().toString('base64');
    // the folder has the old one as well
    if (!found.has(publicPart)) found.set(publicPart, { name, key });
  }
  return [...found.values()];
}
