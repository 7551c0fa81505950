/**
 * A guest's Vagrant project folder: its files as the commit has them, beside Vagrant's own `.vagrant` and our wrapper.
 */
import { createHash } from 'node:crypto';
import { lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { GuestSpec } from '../desired/spec.ts';
import { BoxreeveError, ExitCode } from '../errors.ts';
import { WRAPPER, wrapperVagrantfile } from './vagrantfile.ts';

/** A file of the guest cannot be written as the commit has it. */
export class ProjectFolderError extends BoxreeveError {
  readonly exitCode = ExitCode.failed;
}

/** Not ours to write or to tidy away. */
const VAGRANTS = '.vagrant';

/**
 * Makes the folder hold exactly the guest's files. Safe to repeat, and to cut: the guest is built from it only when it is done.
 *
 * @param blob content by Git object id; checked against the file's SHA-256
 */
export async function writeProjectFolder(
  folder: string,
  spec: GuestSpec,
  machineName: string,
  blob: (oid: string) => Promise<Buffer>,
): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await tidy(folder, new Set([WRAPPER, ...spec.files.map(({ path }) => path)]));
  for (const file of spec.files) {
    const target = placeOf(folder, file.path);
    const content = await blob(file.oid);
    const digest = createHash('sha256').update(content).digest('hex');
    if (digest !== file.sha256)
      throw new ProjectFolderError(`${file.path}: Git gave other bytes than the commit has (${digest})`);
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    await writeFileAtomic(target, content, { mode: file.executable ? 0o755 : 0o644 });
  }
  await writeFileAtomic(join(folder, WRAPPER), wrapperVagrantfile(spec.box, machineName), { mode: 0o644 });
}

/** The loader has refused such paths long ago; a path is checked where it is used all the same. */
function placeOf(folder: string, path: string): string {
  const target = join(folder, path);
  const inside = relative(folder, target);
  if (inside === '' || inside.startsWith('..') || inside.split(sep)[0] === VAGRANTS) {
    throw new ProjectFolderError(`${path} leads out of the guest's folder`);
  }
  return target;
}

/** Removes what the guest does not have any more; links are removed, not followed. */
async function tidy(folder: string, wanted: ReadonlySet<string>, inside = ''): Promise<void> {
  for (const name of await readdir(join(folder, inside))) {
    const path = inside === '' ? name : `${inside}/${name}`;
    if (path === VAGRANTS) continue;
    const place = join(folder, path);
    const found = await lstat(place);
    if (found.isDirectory() && [...wanted].some((file) => file.startsWith(`${path}/`)))
      await tidy(folder, wanted, path);
    else if (!found.isFile() || !wanted.has(path)) await rm(place, { recursive: true });
  }
}
