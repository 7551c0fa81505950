/** Which disk boxes lie on, and whether another one like the largest would fit. */
import { readdir, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { bad, type Check, good } from './finding.ts';

const NAME = 'boxes-room';
/** The file, Vagrant's copy of it, and what it unpacks: as a fetch demands. */
const TIMES_ITS_SIZE = 3;
const GIB = 2 ** 30;

export const boxesRoom: Check = {
  name: NAME,
  look: async ({ dirs }) => {
    const disk = await statfs(dirs.boxes);
    const free = disk.bavail * disk.bsize;
    const says = `${gib(free)} of ${gib(disk.blocks * disk.bsize)} are free on ${await mountOf(dirs.boxes)}, where boxes lie`;
    const needed = Math.max(GIB, TIMES_ITS_SIZE * (await largestBox(dirs.boxes)));
    if (free >= needed) return [good(NAME, says)];
    const means = `a box as large as the largest here would not be fetched: that takes ${gib(needed)}`;
    return [bad(NAME, says, means, 'boxreeve box prune, or a larger disk as boxesDir in host.yaml')];
  },
};

/** The last folder on the way up that is on the same disk. */
async function mountOf(folder: string): Promise<string> {
  const { dev } = await stat(folder);
  let at = folder;
  while (at !== dirname(at) && (await stat(dirname(at))).dev === dev) at = dirname(at);
  return at;
}

async function largestBox(folder: string): Promise<number> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.box'));
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(folder, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return Math.max(0, ...sizes);
}

function gib(bytes: number): string {
  return `${(bytes / GIB).toFixed(1)} GiB`;
}
