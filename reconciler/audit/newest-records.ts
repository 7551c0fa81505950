/**
 * The newest record of hosts, and none before it: one commit of each branch, hundreds of them by two fetches.
 *
 * 1. It needs a repository of its own, as the mirror must never be shallow. It is a cache: once it has grown, it is made anew.
 * 2. The record is the one that the commit's message names. The last by its path is not always it, since a clock may have been put back.
 * 3. Nobody's signature is judged here: it is handed on.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SECOND } from '../clock.ts';
import { git, gitAnswer, gitRemote, isObjectId, lines } from '../git/git-command.ts';
import { openRepository, REMOTE } from '../git/repository.ts';
import { type ObjectReader, openObjectReader } from '../git/stream-git.ts';
import { type Signature, signedCommit } from '../trust/signed-commits.ts';
import { LARGEST_RECORD } from './parse-record.ts';

export type NewestRecord = {
  readonly host: string;
  /** Where its branch was when it was fetched: it may have moved since it was listed. */
  readonly commit: string;
  readonly signature: Signature;
  /** Bytes as they came, not looked at; null: the commit names none that it has. */
  readonly bytes: Buffer | null;
};

/**
 * Throws RemoteUnreachable (also where one of the branches is gone meanwhile) or GitFailed.
 *
 * @param gitDir bare repository for this alone, and for one reader at a time; made when it is needed
 * @param remote URL or path of the repository that hosts push to
 * @param branches by host
 */
export async function* newestRecords(
  gitDir: string,
  remote: string,
  branches: ReadonlyMap<string, string>,
  signal?: AbortSignal,
): AsyncGenerator<NewestRecord> {
  if (branches.size === 0) return;
  if (await hasGrown(gitDir)) await rm(gitDir, { recursive: true, force: true });
  await openRepository(gitDir, remote, true);
  const all = [...branches];
  for (let at = 0; at < all.length; at += MOST_AT_ONCE)
    yield* batchOf(gitDir, new Map(all.slice(at, at + MOST_AT_ONCE)), signal);
}

/** So that over a slow link a large fleet is read bit by bit: what came is kept, and the limit is for so many. */
const MOST_AT_ONCE = 500;

async function* batchOf(
  gitDir: string,
  branches: ReadonlyMap<string, string>,
  signal?: AbortSignal,
): AsyncGenerator<NewestRecord> {
  const specs = [...branches].map(([host, branch]) => `+refs/heads/${branch}:${REFS}/${host}`);
  await fetchShallow(gitDir, [], ['--depth=1'], specs, signal);
  const found = await readCommits(gitDir, branches);
  await nameBlobs(gitDir, found);
  await fetchBlobs(gitDir, found, signal);
  const objects = openObjectReader(gitDir, LARGEST_RECORD);
  try {
    const contents = objects.read(found.flatMap(({ blob }) => blob ?? []));
    for (const { host, commit, signature, blob } of found) {
      const bytes = blob === null ? null : ((await contents.next()).value?.content ?? null);
      yield { host, commit, signature, bytes };
    }
  } finally {
    await objects.close();
  }
}

export const REFS = 'refs/boxreeve/newest';
/** It is not worth waiting for long: whoever asks does without, and asks again. */
const FETCH_LIMIT = 60 * SECOND;
/** A fetch leaves a pack or two. */
const MOST_PACKS = 200;

async function hasGrown(gitDir: string): Promise<boolean> {
  const files = await readdir(join(gitDir, 'objects', 'pack')).catch(() => []);
  return files.filter((name) => name.endsWith('.pack')).length > MOST_PACKS;
}

export async function fetchShallow(
  gitDir: string,
  settings: readonly string[],
  options: readonly string[],
  wanted: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const what = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--recurse-submodules=no'];
  await gitRemote(gitDir, [...settings, ...what, '--filter=blob:none', ...options, '--stdin', REMOTE], {
    input: wanted.map((each) => `${each}\n`).join(''),
    timeout: FETCH_LIMIT,
    signal,
  });
}

export type Found = Omit<NewestRecord, 'bytes'> & {
  /** Of the record, in the commit's tree; null: it names none. */
  readonly path: string | null;
  blob: string | null;
};

async function readCommits(gitDir: string, branches: ReadonlyMap<string, string>): Promise<Found[]> {
  const listed = await git(gitDir, ['for-each-ref', '--format=%(objectname) %(refname)', `${REFS}/`]);
  const tips = lines(listed).flatMap((line) => {
    const [commit = '', ref = ''] = line.split(' ');
    const host = ref.slice(REFS.length + 1);
    return branches.has(host) ? [{ host, commit }] : [];
  });
  const objects = openObjectReader(gitDir, LARGEST_RECORD);
  try {
    return await readEach(objects, tips);
  } finally {
    await objects.close();
  }
}

export async function readEach(
  objects: ObjectReader,
  tips: readonly { readonly host: string; readonly commit: string }[],
): Promise<Found[]> {
  const found: Found[] = [];
  const contents = objects.read(tips.map(({ commit }) => commit));
  for (const { host, commit } of tips) {
    const bytes = (await contents.next()).value?.content ?? null;
    const { signature, message } = bytes === null ? UNREADABLE : signedCommit(commit, bytes);
    found.push({ host, commit, signature, path: pathIn(message), blob: null });
  }
  return found;
}

/** A commit as large as that is none of a host's. */
const UNREADABLE = {
  signature: { kind: 'bad', why: 'is too large to be read' },
  message: '',
} as const satisfies { readonly signature: Signature; readonly message: string };

/** Of the form of `recordPath`, since it comes from outside and is to stand on a command line. */
const TRAILER = /^Boxreeve-Record: (audit\/[^/\s]+\/\d{4}\/\d{2}\/\d{8}T\d{6}Z-[\da-f-]+\.json)$/gm;

/** The last, as Git takes trailers. Whose record it is, the record says. */
function pathIn(message: string): string | null {
  return [...message.matchAll(TRAILER)].at(-1)?.[1] ?? null;
}

/** By `rev-parse`, which looks into trees and not at what they name: that is with the remote yet. */
export async function nameBlobs(gitDir: string, found: readonly Found[]): Promise<void> {
  let left = found.filter(({ path }) => path !== null);
  while (left.length > 0) {
    const args = ['rev-parse', ...left.map(({ commit, path }) => `${commit}:${path ?? ''}`)];
    const { stdout } = await gitAnswer(gitDir, args, { allow: [128] });
    const ids = lines(stdout).filter(isObjectId);
    for (const [index, id] of ids.entries()) {
      const one = left[index];
      if (one !== undefined) one.blob = id;
    }
    // it ends at the first that is not there, which is passed over
    left = left.slice(ids.length + 1);
  }
}

/** All at once: read one by one, each would be a connection. */
export async function fetchBlobs(
  gitDir: string,
  found: readonly Found[],
  signal?: AbortSignal,
): Promise<void> {
  const blobs = [...new Set(found.flatMap(({ blob }) => blob ?? []))];
  if (blobs.length === 0) return;
  // without saying what is here already: of a commit that is, the remote would take its contents to be here too
  await fetchShallow(gitDir, ['-c', 'fetch.negotiationAlgorithm=noop'], [], blobs, signal);
}
