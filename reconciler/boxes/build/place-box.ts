/** Puts a new box's file into the folder of boxes, with its chunk list and its note, where the host and its peers find it. */
import { constants, existsSync } from 'node:fs';
import { chmod, copyFile, link, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { chunkListDigest } from '../chunks/chunk-list.ts';
import { describeFile } from '../chunks/describe.ts';
import type { Description } from '../chunks/description.ts';
import { repackBox } from '../chunks/repack.ts';
import { NotATar } from '../chunks/tar-of-box.ts';
import { writeNote } from '../note.ts';
import type { MadeFile } from './journal.ts';

/** What a box's file is called in the catalogue. */
export type BoxName = { readonly name: string; readonly version: string; readonly provider: string };

export type PlacedBox = MadeFile & {
  /** SHA-256 of its chunk list. */
  readonly chunks: string;
  readonly file: string;
};

export type Placing = {
  /** Where the file of a box lies, by its digest. */
  readonly boxFile: (sha256: string) => string;
  /** Packed anew, so that the next version costs others only what changed; what is no tar stays as it is. */
  readonly repack: boolean;
  /** How it came here. By this word the file is known for one that is to stay until its change is merged (observed/box-files.ts). */
  readonly from: 'build' | 'import';
  /** ISO 8601 UTC. */
  readonly at: () => string;
  readonly signal: AbortSignal;
};

/** The source stays where it is. Throws BoxDamaged, as the file system does, or why the signal was aborted. */
export async function placeBox(source: string, box: BoxName, placing: Placing): Promise<PlacedBox> {
  const folder = dirname(placing.boxFile('0'));
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const fresh = join(folder, FRESH);
  await removeFresh(folder);
  try {
    const { size, sha256, list } = await layDown(source, fresh, placing);
    const file = placing.boxFile(sha256);
    const chunks = chunkListDigest(list);
    await writeFileAtomic(join(folder, `${sha256}.chunks`), list, { mode: 0o644 });
    await rename(fresh, file);
    await writeNote(file, { ...box, size, sha256, chunks, sources: [] }, placing.at(), [placing.from]);
    return { size, sha256, chunks, file };
  } finally {
    await removeFresh(folder);
  }
}

/** The name of a file that has none yet, and the beginning of those beside it. One is made at a time. */
const FRESH = '.new-box';

/** Also what a crash has left. */
async function removeFresh(folder: string): Promise<void> {
  for (const name of await readdir(folder))
    if (name.startsWith(FRESH)) await rm(join(folder, name), { recursive: true, force: true });
}

/** Peers read it as another user. */
const FOR_ALL = 0o444;
const yes = () => true;
const no = () => false;

async function layDown(source: string, target: string, { repack, signal }: Placing): Promise<Description> {
  if (repack) {
    try {
      return await repackBox(source, target, { signal });
    } catch (error) {
      if (!(error instanceof NotATar)) throw error;
      await rm(target, { force: true });
    }
  }
  const before = await stat(source);
  // one file under two names costs no room; on another disk, or where others may not read it, it is copied
  const linked = (before.mode & FOR_ALL) === FOR_ALL && (await link(source, target).then(yes, no));
  if (!linked) {
    await copyFile(source, target, constants.COPYFILE_FICLONE);
    await chmod(target, 0o644);
  }
  const described = await describeFile(target, signal);
  const after = existsSync(source) ? await stat(source) : null;
  if (after === null || after.mtimeMs !== before.mtimeMs || after.size !== before.size)
    throw new Error(`${source} was changed while it was read`);
  return described;
}
