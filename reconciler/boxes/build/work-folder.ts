/** The folder in which a stage is done: the recipe's files as the commit has them, and nothing of the stage before. */
import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { GuestFile } from '../../desired/spec.ts';
import { BuildFailed } from './workshop.ts';

/** @param blob content by Git object id; checked against the file's SHA-256 */
export async function makeWorkFolder(
  folder: string,
  files: readonly GuestFile[],
  blob: (oid: string) => Promise<Buffer>,
): Promise<void> {
  await removeWorkFolder(folder);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const { path, oid, sha256, executable } of files) {
    const target = join(folder, path);
    // the loader has refused such paths long ago; a path is checked where it is used all the same
    if (relative(folder, target).startsWith('..'))
      throw new BuildFailed(`${path} leads out of the recipe's folder`);
    const content = await blob(oid);
    if (createHash('sha256').update(content).digest('hex') !== sha256)
      throw new BuildFailed(`${path}: Git gave other bytes than the commit has`);
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    await writeFile(target, content, { mode: executable ? 0o755 : 0o644 });
  }
}

/** Throws BuildFailed where a command left what this user cannot remove. */
export async function removeWorkFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true }).catch((error: NodeJS.ErrnoException) => {
    throw new BuildFailed(`${folder} cannot be removed (${error.code}): remove it by hand, and build again`);
  });
}
