/**
 * What lies in the folder of box files, by the digest that the names begin with. One look at the folder and, for each file, one
 * at its inode; of contents only the small notes are read. Asked at every poll.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { iso } from '../clock.ts';
import type { BoxRef } from '../plan/plan.ts';
import type { ObservedFile } from './observation.ts';
import { codeOf, objectIn, stringOr, VagrantFilesUnreadable } from './vagrant-files.ts';

export type BoxFolder = {
  readonly files: readonly ObservedFile[];
  /** Names of what Boxreeve did not put there, sorted. */
  readonly strange: readonly string[];
};

/** What a file may be named after its digest. The note, `.json`, is told from a Vagrant catalogue by the digest. */
export const BOX_FILE_ENDINGS = [
  '.box',
  '.box.partial',
  '.box.partial.from',
  '.box.have',
  '.chunks',
  '.json',
] as const;

/** What `from` of a note is where `boxreeve box fetch` asked for the file. */
export const ASKED_AHEAD = 'fetch';

/** How the note of a file says that a person asked for it; any other `from` is a source. */
const BY_HAND: readonly string[] = ['build', 'import', ASKED_AHEAD];

/** Throws VagrantFilesUnreadable. */
export function readBoxFiles(folder: string): BoxFolder {
  const byDigest = new Map<string, string[]>();
  const strange: string[] = [];
  for (const name of namesIn(folder)) {
    const [, digest, ending = ''] = /^([0-9a-f]{64})(\..+)$/.exec(name) ?? [];
    if (digest !== undefined) byDigest.set(digest, [...(byDigest.get(digest) ?? []), ending]);
    else if (!name.endsWith('.json')) strange.push(name);
  }
  return { files: [...byDigest].flatMap(([digest, endings]) => readFile(folder, digest, endings)), strange };
}

/** Whatever begins with a dot is somebody's work under way. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => !name.startsWith('.'))
      .sort();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw new VagrantFilesUnreadable(folder, error);
  }
}

function readFile(folder: string, sha256: string, endings: readonly string[]): ObservedFile[] {
  const known = BOX_FILE_ENDINGS.filter((ending) => endings.includes(ending));
  const there = known.flatMap((ending) => {
    const { bytes, at } = inodeOf(join(folder, sha256 + ending));
    return bytes === null ? [] : [{ ending, bytes, at }];
  });
  if (there.length === 0) return [];
  const has = (ending: string) => there.some((each) => each.ending === ending);
  const note = there.find(({ ending }) => ending === '.json');
  return [
    {
      sha256,
      state: has('.box') ? 'whole' : has('.box.partial') ? 'cut' : 'rest',
      bytes: there.reduce((sum, { bytes }) => sum + bytes, 0),
      ...(note === undefined ? NO_NOTE : readNote(join(folder, `${sha256}.json`), note.at)),
    },
  ];
}

/** What it takes on the disk: a download that is cut has holes. Gone in this moment: null. */
function inodeOf(path: string): { readonly bytes: number | null; readonly at: number } {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined || !found.isFile()) return { bytes: null, at: 0 };
  return { bytes: found.blocks * BLOCK, at: found.mtimeMs };
}

/** Bytes of what stat calls a block, whatever the disk's own are. */
const BLOCK = 512;

const NO_NOTE = { box: null, verifiedAt: null, byHandSince: null } as const;

/** @param writtenAt milliseconds since the epoch */
function readNote(path: string, writtenAt: number): Pick<ObservedFile, 'box' | 'verifiedAt' | 'byHandSince'> {
  const note = objectIn(path);
  if (note === undefined) return NO_NOTE;
  const verifiedAt = instantOr(note.verifiedAt);
  const byHand = BY_HAND.includes(stringOr(note.from, ''));
  return {
    box: boxIn(note),
    verifiedAt,
    byHandSince: byHand ? (verifiedAt ?? iso(Math.trunc(writtenAt))) : null,
  };
}

function boxIn({ name, version, provider }: Readonly<Record<string, unknown>>): BoxRef | null {
  if (typeof name !== 'string' || typeof version !== 'string' || typeof provider !== 'string') return null;
  return { name, version, provider };
}

function instantOr(value: unknown): string | null {
  if (typeof value !== 'string' || Number.isNaN(Date.parse(value))) return null;
  return iso(Date.parse(value));
}
