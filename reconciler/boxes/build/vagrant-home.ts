/**
 * A home of its own for Vagrant while boxes are built: the store and the machine index of the host's guests stay out of it. What a
 * person has set up in the host's home, such as plugins and their licences, is linked into it.
 */
import { lstat, mkdir, readdir, readlink, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';

/** Of the host's home: plugins, licences, and the Vagrantfile that stands below all others. */
const LINKED = /^(gems|plugins\.json|rgloader|Vagrantfile|license-.*|.*\.lic)$/;

/** Safe to repeat; what somebody put into the builds' home himself stays. @param from the host's home */
export async function makeVagrantHome(home: string, from: string): Promise<void> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  const wanted = (await readdir(from).catch(() => [])).filter((name) => LINKED.test(name));
  for (const name of wanted) {
    const place = join(home, name);
    const target = join(from, name);
    const there = await lstat(place).catch(() => null);
    if (there !== null && !there.isSymbolicLink()) continue;
    if (there !== null && (await readlink(place)) === target) continue;
    await rm(place, { force: true });
    await symlink(target, place);
  }
}
