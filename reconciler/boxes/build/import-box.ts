/** Brings a box that was made elsewhere into the folder of boxes: from a file, or out of Vagrant's own store. */
import { lstat, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runProcess } from '../../apply/run-process.ts';
import { vagrantEnvironment } from '../../apply/vagrant-environment.ts';
import { HOUR } from '../../clock.ts';
import { readBoxes } from '../../observed/vagrant-store.ts';
import { type BoxName, type PlacedBox, type Placing, placeBox } from './place-box.ts';
import { BuildFailed, BuildRefused, lastLine } from './workshop.ts';

/** Limit on `vagrant box repackage`, which packs tens of gigabytes. */
const REPACKAGE_LIMIT = 6 * HOUR;

export type ImportParts = Placing & {
  /** A folder of its own for what is under way; removed afterwards. */
  readonly work: string;
  readonly vagrantHome: string;
  tell(line: string): void;
};

/** Throws BuildRefused if there is no such file. */
export async function importFile(file: string, box: BoxName, parts: ImportParts): Promise<PlacedBox> {
  const about = await lstat(file).catch(() => null);
  if (about === null) throw new BuildRefused(`there is no file ${file}`);
  if (!about.isFile()) throw new BuildRefused(`${file} is not a regular file: name the .box file itself`);
  if (about.size === 0) throw new BuildRefused(`${file} is empty`);
  parts.tell(`reading ${file}`);
  return placeBox(file, box, parts);
}

/** Throws BuildRefused if Vagrant has no such box. */
export async function importFromVagrant(box: BoxName, parts: ImportParts): Promise<PlacedBox> {
  const stored = readBoxes(parts.vagrantHome);
  const there = stored.some(
    ({ name, version, provider }) =>
      name === box.name && version === box.version && provider === box.provider,
  );
  if (!there) {
    const others = stored.filter(({ name }) => name === box.name);
    const has =
      others.map(({ version, provider }) => `${version} (${provider})`).join(', ') || 'none of that name';
    throw new BuildRefused(
      `Vagrant's store has no ${box.name} ${box.version} (${box.provider}); it has ${has}: vagrant box list`,
    );
  }
  await rm(parts.work, { recursive: true, force: true });
  await mkdir(parts.work, { recursive: true, mode: 0o700 });
  try {
    parts.tell('vagrant box repackage');
    const ran = await runProcess({
      program: 'vagrant',
      args: ['box', 'repackage', box.name, box.provider, box.version],
      cwd: parts.work,
      env: vagrantEnvironment(parts.vagrantHome, null),
      timeoutMs: REPACKAGE_LIMIT,
      signal: parts.signal,
      // it prints nothing but its own words
      redactor: { text: (text) => text, stream: () => ({ push: (chunk) => chunk, end: () => '' }) },
      onLine: () => undefined,
    });
    if (ran.ended !== 'exited' || ran.exitStatus !== 0)
      throw new BuildFailed(`vagrant box repackage: ${ran.problem ?? lastLine(ran.tail)}`);
    return await importFile(join(parts.work, 'package.box'), box, parts);
  } finally {
    await rm(parts.work, { recursive: true, force: true });
  }
}
