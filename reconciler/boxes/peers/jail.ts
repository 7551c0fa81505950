/**
 * Which folder the peer user is locked into. sshd takes only one whose every folder on the way is root's and writable by nobody else.
 *
 * The folder that holds that of the boxes will do where it is one, and holds nothing else: all in it could be read. Else Linux mounts
 * the folder of boxes into one made for it, so box files may stay in the private state folder.
 */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { InvalidHostConfig } from '../../errors.ts';
import type { HostConfig } from '../../host-config.ts';
import type { Jail } from './sshd-settings.ts';

/** Group and others may not write. */
const OTHERS_WRITE = 0o022;
/** Others may go through. */
const OTHERS_PASS = 0o001;

const MOUNTED: Jail = { path: '/srv/boxreeve-peer', folder: '/boxes', by: 'mount' };
/** What is suggested where nothing can be mounted. */
const ON_MAC = '/Library/Boxreeve/peer/boxes';

/** Throws InvalidHostConfig where box files must be put elsewhere first. */
export async function jailFor(
  { boxesDir, stateDir }: Pick<HostConfig, 'boxesDir' | 'stateDir'>,
  platform: 'linux' | 'darwin',
): Promise<Jail> {
  const path = dirname(boxesDir);
  const isPrivate = `${path}/`.startsWith(`${stateDir}/`);
  const why = isPrivate ? 'the private state folder is there' : await whyNotTheJail(path, basename(boxesDir));
  if (why === null) return { path, folder: `/${basename(boxesDir)}`, by: 'place' };
  if (platform === 'linux') return MOUNTED;
  throw new InvalidHostConfig(
    `sshd cannot lock other hosts into ${path}: ${why}. Put \`boxesDir: ${ON_MAC}\` into host.yaml, run ` +
      `\`sudo install -d -m 0755 ${dirname(ON_MAC)} ${ON_MAC}\`, give the last folder to the user Boxreeve runs under, and ask again`,
  );
}

/** null: it can be. */
async function whyNotTheJail(path: string, boxes: string): Promise<string | null> {
  const own = await stat(path).catch(() => null);
  if (own === null) return 'it is not there';
  if ((own.mode & OTHERS_PASS) === 0) return 'other users cannot go into it';
  for (let folder = path; ; folder = dirname(folder)) {
    const { uid, mode } = await stat(folder);
    if (uid !== 0 || (mode & OTHERS_WRITE) !== 0)
      return `${folder} is not root's alone (owner ${uid}, mode ${(mode & 0o777).toString(8)})`;
    if (folder === dirname(folder)) break;
  }
  const others = (await readdir(path)).filter((name) => name !== boxes);
  return others.length === 0 ? null : `it holds more than boxes (${others[0]}), and all of it could be read`;
}
