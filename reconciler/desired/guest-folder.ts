/**
 * What lies in a guest's folder. Every file of it is copied to a host and handed to Vagrant, so anything that could lead
 * out of the folder, or be another file on another file system, is a mistake.
 */
import { createHash } from 'node:crypto';
import type { Complaints } from './complaints.ts';
import { KIND_IN_WORDS } from './kind-in-words.ts';
import { LARGEST_GUEST, MOST_GUEST_FILES, showBytes } from './limits.ts';
import { didYouMean } from './nearest.ts';
import type { GuestFile } from './spec.ts';
import type { DesiredTree, TreeEntry } from './tree.ts';

/** The file that declares the guest; what it says is covered by the spec, not as a file. */
const DECLARATION = 'guest.yaml';

/** Boxreeve's own, beside the guest's files on a host. Compared without regard to case, as macOS does. */
const RESERVED: Readonly<Record<string, string>> = {
  '.vagrant': "is where Vagrant keeps a machine's state: do not commit it (add it to .gitignore)",
  '.git': 'is a folder of Git: it cannot be part of a guest',
  'vagrantfile.boxreeve': 'is a name that Boxreeve uses itself: call the file something else',
  'vagrantfile.boxreeve-end': 'is a name that Boxreeve uses itself: call the file something else',
};

/**
 * All files of the guest but `guest.yaml`, sorted by path, with their digests; none if there are too many to read.
 * @param folder the guest's, in the repository
 */
export async function readGuestFolder(
  tree: DesiredTree,
  folder: string,
  complaints: Complaints,
): Promise<readonly GuestFile[]> {
  const items = await itemsOf(tree, folder, (path) => path !== DECLARATION);
  if (!items.some(({ path }) => path === 'Vagrantfile')) {
    const instead = didYouMean(
      'Vagrantfile',
      items.map(({ path }) => path),
    );
    complaints.add({ file: `${folder}/Vagrantfile` }, `is missing: each guest needs one${instead}`);
  }
  return readItems(tree, folder, items, complaints);
}

/** The same for a recipe's folder, which may be missing, and need not have a Vagrantfile. */
export async function readRecipeFolder(
  tree: DesiredTree,
  folder: string,
  complaints: Complaints,
): Promise<readonly GuestFile[]> {
  return readItems(tree, folder, await itemsOf(tree, folder, () => true), complaints);
}

async function itemsOf(
  tree: DesiredTree,
  folder: string,
  counts: (path: string) => boolean,
): Promise<readonly Item[]> {
  return (await tree.list(folder))
    .map((entry) => ({ entry, path: entry.path.slice(folder.length + 1) }))
    .filter(({ path }) => counts(path));
}

async function readItems(
  tree: DesiredTree,
  folder: string,
  items: readonly Item[],
  complaints: Complaints,
): Promise<readonly GuestFile[]> {
  complainOfPaths(complaints, items);
  complainOfTwins(complaints, items);
  return fits(complaints, folder, items) ? await digestAll(tree, items) : [];
}

type Item = { readonly entry: TreeEntry; readonly path: string };

function isRegular({ entry }: Item): boolean {
  return entry.kind === 'file' || entry.kind === 'executable';
}

function complainOfPaths(complaints: Complaints, items: readonly Item[]): void {
  for (const item of items) {
    const problem = pathProblem(item.path);
    if (problem !== undefined) complaints.add({ file: printable(item.entry.path) }, problem);
    if (isRegular(item)) continue;
    complaints.add(
      { file: printable(item.entry.path) },
      `must be a regular file, not ${KIND_IN_WORDS[item.entry.kind]}`,
    );
  }
}

function pathProblem(path: string): string | undefined {
  const parts = path.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..'))
    return 'is a path that leads out of the folder';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
  if (/[\0-\x1f\x7f\\]/.test(path)) return 'has a control character or a backslash in its name';
  if (path.isWellFormed() === false || path.includes('\uFFFD')) return 'has a name that is not UTF-8';
  if (parts.some((part) => Buffer.byteLength(part) > 255)) return 'has a name of more than 255 bytes';
  const [reserved] = parts
    .map((part) => RESERVED[part.toLowerCase()])
    .filter((reason) => reason !== undefined);
  return reserved;
}

/** Names that differ, and are one name on a file system that ignores case or normalises Unicode, as macOS's does. */
function complainOfTwins(complaints: Complaints, items: readonly Item[]): void {
  const seen = new Map<string, string>();
  for (const { entry, path } of items) {
    for (const prefix of prefixesOf(path)) {
      const folded = prefix.normalize('NFC').toLowerCase();
      const twin = seen.get(folded) ?? prefix;
      seen.set(folded, twin);
      if (twin === prefix) continue;
      const message = `is the same name as ${printable(twin)} on macOS, where case does not count`;
      complaints.add({ file: printable(entry.path) }, message);
      break;
    }
  }
}

/** `a/b/c`: `a`, `a/b`, `a/b/c`. */
function prefixesOf(path: string): readonly string[] {
  const parts = path.split('/');
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

function fits(complaints: Complaints, folder: string, items: readonly Item[]): boolean {
  if (items.length > MOST_GUEST_FILES) {
    complaints.add({ file: folder }, `has ${items.length} files; the most is ${MOST_GUEST_FILES}`);
    return false;
  }
  const size = items.reduce((sum, { entry }) => sum + entry.size, 0);
  if (size <= LARGEST_GUEST) return true;
  const message = `has files of ${showBytes(size)} together; the most is ${showBytes(LARGEST_GUEST)}`;
  complaints.add({ file: folder }, message);
  return false;
}

/** Files read at one time. */
const AT_ONCE = 8;

async function digestAll(tree: DesiredTree, items: readonly Item[]): Promise<readonly GuestFile[]> {
  const regular = items.filter(isRegular);
  const found: GuestFile[] = [];
  for (let at = 0; at < regular.length; at += AT_ONCE) {
    found.push(...(await Promise.all(regular.slice(at, at + AT_ONCE).map((item) => digestOf(tree, item)))));
  }
  return found.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

async function digestOf(tree: DesiredTree, { entry, path }: Item): Promise<GuestFile> {
  const content = await tree.read(entry);
  return {
    path,
    executable: entry.kind === 'executable',
    oid: entry.oid,
    sha256: createHash('sha256').update(content).digest('hex'),
    size: content.length,
  };
}

/** A path for a message: one line, whatever is in the name. */
function printable(path: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
  return path.replaceAll(/[\0-\x1f\x7f]/g, '?');
}
