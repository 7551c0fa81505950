/** A checkout on disk as a tree of desired state, as Git would commit it: what Git ignores is not there. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { DesiredTree, TreeEntry } from './tree.ts';

/** @param dir root of the repository */
export async function openWorkTree(dir: string): Promise<DesiredTree> {
  const ignored = await ignoredIn(dir);
  const isIgnored = (path: string) => ignored.has(path) || ignored.has(`${path}/`);
  const entry = (path: string) => entryAt(dir, path, isIgnored);
  return {
    revision: 'work tree',
    entry,
    list: async (folder) => {
      const top = await entry(folder);
      if (folder !== '' && top?.kind !== 'directory') return [];
      return (await listBelow(dir, folder, isIgnored)).toSorted((a, b) => (a.path < b.path ? -1 : 1));
    },
    read: ({ path }) => readFile(join(dir, path)),
  };
}

/** Nothing is looked at through a symlink: Git would have the link, not what lies behind it. */
async function entryAt(
  dir: string,
  path: string,
  isIgnored: (path: string) => boolean,
): Promise<TreeEntry | undefined> {
  const parts = path.split('/').filter((part) => part !== '');
  if (parts.includes('..')) return undefined;
  for (let depth = 1; depth <= parts.length; depth += 1) {
    const upTo = parts.slice(0, depth).join('/');
    if (isIgnored(upTo)) return undefined;
    const stats = await statAt(join(dir, upTo));
    if (stats === undefined) return undefined;
    if (depth === parts.length) return describe(dir, upTo, stats);
    if (!stats.isDirectory()) return undefined;
  }
  return undefined;
}

async function listBelow(
  dir: string,
  folder: string,
  isIgnored: (path: string) => boolean,
): Promise<TreeEntry[]> {
  const found: TreeEntry[] = [];
  for (const name of await readdir(join(dir, folder))) {
    const path = folder === '' ? name : `${folder}/${name}`;
    if (isIgnored(path) || path === '.git') continue;
    const stats = await statAt(join(dir, path));
    if (stats === undefined) continue;
    const entry = await describe(dir, path, stats);
    if (entry.kind === 'directory') found.push(...(await listBelow(dir, path, isIgnored)));
    else found.push(entry);
  }
  return found;
}

async function describe(dir: string, path: string, stats: Stats): Promise<TreeEntry> {
  const full = join(dir, path);
  if (stats.isSymbolicLink()) {
    return { path, kind: 'symlink', oid: blobId(Buffer.from(await readlink(full))), size: 0 };
  }
  if (stats.isDirectory()) {
    const kind = path !== '' && (await statAt(join(full, '.git'))) !== undefined ? 'submodule' : 'directory';
    return { path, kind, oid: '', size: 0 };
  }
  if (!stats.isFile()) return { path, kind: 'other', oid: '', size: 0 };
  const content = await readFile(full);
  const kind = (stats.mode & OWNER_MAY_RUN) === 0 ? 'file' : 'executable';
  return { path, kind, oid: blobId(content), size: content.length };
}

const OWNER_MAY_RUN = 0o100;

/** Id that Git gives a content (in a repository with SHA-1 ids). */
function blobId(content: Buffer): string {
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
}

async function statAt(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** Paths that Git ignores, folders with `/` at the end. None where this is no checkout, or there is no Git. */
async function ignoredIn(dir: string): Promise<ReadonlySet<string>> {
  const args = [
    '-c',
    'core.fsmonitor=false',
    'ls-files',
    '-z',
    '--others',
    '--ignored',
    '--exclude-standard',
    '--directory',
  ];
  const options = {
    cwd: dir,
    maxBuffer: 256 * 1024 * 1024,
    env: { PATH: process.env.PATH, HOME: process.env.HOME },
  };
  try {
    const { stdout } = await promisify(execFile)('git', args, options);
    return new Set(stdout.split('\0').filter((path) => path !== ''));
  } catch {
    return new Set();
  }
}
