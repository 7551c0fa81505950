/**
 * Brings a box's file to this host. A wrong byte never reaches Vagrant: the file gets its name only when its digest is right.
 *
 * 1. What is here already is not fetched.
 * 2. Nothing is fetched without room for it.
 * 3. Where the catalogue names a chunk list that some source has: by chunks, from this host's older files and several sources at once.
 * 4. Else as a whole, from the first source that gives it.
 */
import { existsSync } from 'node:fs';
import { mkdir, rm, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { iso } from '../clock.ts';
import type { BoxSpec } from '../desired/spec.ts';
import { BoxreeveError, DiskShort, ExitCode } from '../errors.ts';
import { once } from '../once.ts';
import { boxTitle } from '../plan/subject.ts';
import { fetchChunked } from './download/chunked.ts';
import type { FetchDeps, Fetched, Peers } from './download/fetch-deps.ts';
import { haveOf, noteOf, originOf, partialOf } from './download/files.ts';
import { listHere, obtainList } from './download/obtain-list.ts';
import { bytesClaimed } from './download/partial-chunks.ts';
import { fetchStreamed } from './download/streamed.ts';
import { digestOf } from './local-disk.ts';
import { writeNote } from './note.ts';
import { bytesHere, completeFromPartial } from './partial-file.ts';
import type { PeerSource } from './peers/peer-source.ts';

export type { FetchDeps, Fetched } from './download/fetch-deps.ts';

/** No source has the box as catalogued: someone must look at the sources, or at the catalogue. */
export class BoxUnavailable extends BoxreeveError {
  readonly exitCode = ExitCode.failed;
}

/** The file, what Vagrant copies it to, and what it unpacks (VAGRANT.md trap 5). */
const TIMES_ITS_SIZE = 3;

/** Returns what was tried, a line a source. Throws BoxUnavailable, BoxNotWritten, DiskShort or ChunksContradict. */
export async function fetchBox(box: BoxSpec, deps: FetchDeps): Promise<Fetched> {
  const { file } = deps;
  if (await isThere(deps.file, box)) return here(box, deps, 'is here already');
  await mkdir(dirname(file), { recursive: true, mode: 0o755 });
  if (await completeFromPartial(file, box)) return here(box, deps, 'was here, but for its name');
  await assertRoom(box, deps);
  const opened: PeerSource[] = [];
  const peers = once(async () => {
    const { now, later } = (await deps.peers?.(box)) ?? { now: [], later: [] };
    opened.push(...now, ...later);
    return { now, later };
  });
  try {
    const fetched = await byChunksOrWhole(box, deps, peers);
    await writeNote(file, box, iso(Date.now()), Object.keys(fetched.stats.bySource));
    return fetched;
  } finally {
    for (const peer of opened) await peer.close();
  }
}

async function isThere(file: string, { size, sha256 }: BoxSpec): Promise<boolean> {
  if ((await stat(file).catch(() => null))?.size !== size) return false;
  return (await digestOf(file)) === sha256;
}

/** It was whole when this process began. An earlier one may have died before it tidied up and noted it. */
async function here(box: BoxSpec, { file }: FetchDeps, how: string): Promise<Fetched> {
  for (const rest of [partialOf(file), originOf(file), haveOf(file)]) await rm(rest, { force: true });
  if (!existsSync(noteOf(file))) await writeNote(file, box, iso(Date.now()), []);
  return { text: `${boxTitle(box)} ${how}`, stats: { reused: box.size, moved: 0, bySource: {} } };
}

async function assertRoom(box: BoxSpec, { file, freeBytes = freeOnDisk }: FetchDeps): Promise<void> {
  const list = box.chunks === undefined ? null : await listHere(box, file);
  const already = list === null ? await bytesHere(file, box) : await bytesClaimed(file, list);
  const needed = TIMES_ITS_SIZE * box.size - already;
  const free = await freeBytes(dirname(file));
  if (free >= needed) return;
  throw new DiskShort(
    `${boxTitle(box)} needs ${needed} bytes more in ${dirname(file)} (the file, Vagrant's copy, the unpacked box); ${free} are free`,
  );
}

async function freeOnDisk(folder: string): Promise<number> {
  const disk = await statfs(folder);
  return disk.bavail * disk.bsize;
}

async function byChunksOrWhole(box: BoxSpec, deps: FetchDeps, peers: () => Promise<Peers>): Promise<Fetched> {
  if (box.chunks === undefined) return whole(box, deps, peers, []);
  const { list, misses } = await obtainList(box, deps, peers);
  if (list === null) {
    return whole(box, deps, peers, [...misses, 'no source has its chunk list: it is fetched as a whole']);
  }
  const { isHere, fetched } = await fetchChunked(box, list, deps, peers);
  const text = [...misses, fetched.text].join('\n');
  if (!isHere) throw unavailable(box, text);
  return { ...fetched, text };
}

async function whole(
  box: BoxSpec,
  deps: FetchDeps,
  peers: () => Promise<Peers>,
  said: readonly string[],
): Promise<Fetched> {
  const { from, misses, moved } = await fetchStreamed(box, deps, peers);
  if (from === null) throw unavailable(box, [...said, ...misses].join('\n'));
  const text = [...said, ...misses, `${from}: ${box.size} bytes, digest right`].join('\n');
  return { text, stats: { reused: Math.max(0, box.size - moved), moved, bySource: { [from]: box.size } } };
}

function unavailable(box: BoxSpec, tried: string): BoxUnavailable {
  return new BoxUnavailable(
    `no source has ${boxTitle(box)} as catalogued:\n${tried}\nsee to one of them, or to the catalogue`,
  );
}
