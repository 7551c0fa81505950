/**
 * What vagrant-libvirt leaves of a box: at the first `up` it copies the box's disks into a storage pool, as volumes
 * `<name>_vagrant_box_image_<version>.img` (older versions) or `…_<version>_<disk>.img`, and `vagrant box remove` leaves them there.
 * Disks of guests are volumes that are backed by them.
 */
import type { BoxRef } from '../../plan/plan.ts';
import { askTool, complaintOf } from './ask-tool.ts';
import { connectionUri } from './libvirt-connection.ts';
import type { LeftOfBox, LeftThing } from './provider.ts';

/** Asks virsh, several times. Never throws. */
export async function leftInPools(box: BoxRef): Promise<LeftOfBox> {
  try {
    const volumes = await allVolumes();
    const images = volumes.filter(({ name }) => isImageOf(name, box));
    if (images.length === 0) return { things: [] };
    const users = await definitions(volumes.filter((volume) => !images.includes(volume)));
    return { things: images.map((image) => asThing(image, users)) };
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    return { why: error.message };
  }
}

/** The name is the box's as Vagrant's own folders have it, the version is its own. */
export function isImageOf(volume: string, { name, version }: BoxRef): boolean {
  const start = `${name.replaceAll('/', '-VAGRANTSLASH-')}_vagrant_box_image_${version}`;
  return volume.startsWith(start) && /^(_[^/]*)?\.img$/.test(volume.slice(start.length));
}

type Volume = { readonly pool: string; readonly name: string; readonly path: string };

class NoAnswer extends Error {}

async function allVolumes(): Promise<readonly Volume[]> {
  const pools = (await ask(['pool-list', '--name'])).split('\n').map((line) => line.trim());
  const listed = pools
    .filter((pool) => pool !== '')
    .map(async (pool) => volumesIn(pool, await ask(['vol-list', `--pool=${pool}`])));
  return (await Promise.all(listed)).flat();
}

/** Of virsh's table, whose rows are a name and a path. Pure. */
export function volumesIn(pool: string, table: string): readonly Volume[] {
  return table.split('\n').flatMap((line) => {
    const [, name, path] = /^\s*(\S.*?)\s{2,}(\/.*\S)\s*$/.exec(line) ?? [];
    return name === undefined || path === undefined ? [] : [{ pool, name, path }];
  });
}

/** What other volumes, and all domains, say of themselves in XML. */
async function definitions(others: readonly Volume[]): Promise<readonly Definition[]> {
  const ids = (await ask(['list', '--all', '--uuid'])).split('\n').filter((line) => line.trim() !== '');
  const found: Definition[] = [];
  for (const { pool, name } of others)
    found.push({ of: `volume ${name}`, xml: await ask(['vol-dumpxml', `--pool=${pool}`, `--vol=${name}`]) });
  for (const id of ids) {
    const domain = `--domain=${id.trim()}`;
    const xml = `${await ask(['dumpxml', domain])}\n${await ask(['dumpxml', domain, '--inactive'])}`;
    found.push({ of: `domain ${/<name>([^<]*)<\/name>/.exec(xml)?.[1] ?? id}`, xml });
  }
  return found;
}

type Definition = { readonly of: string; readonly xml: string };

function asThing({ pool, name, path }: Volume, users: readonly Definition[]): LeftThing {
  const inXml = path.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll("'", '&apos;');
  return {
    what: `volume ${name} of pool ${pool}`,
    usedBy: users.find(({ xml }) => xml.includes(inXml))?.of ?? null,
    remove: ['virsh', '--connect', connectionUri(), 'vol-delete', `--pool=${pool}`, `--vol=${name}`],
  };
}

/** Throws NoAnswer. */
async function ask(words: readonly string[]): Promise<string> {
  const answer = await askTool('virsh', ['--readonly', '--connect', connectionUri(), ...words]);
  if (answer.state === 'none') throw new NoAnswer(answer.why);
  if (answer.exitStatus !== 0) throw new NoAnswer(complaintOf('virsh', answer));
  return answer.stdout;
}
