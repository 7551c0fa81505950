/**
 * Gets a box's chunk list: from this host, from other hosts, or from beside a source. Who gives it does not matter: its digest is in
 * the signed catalogue.
 */
import { createHash } from 'node:crypto';
import { open, readFile, rm } from 'node:fs/promises';
import type { BoxSpec } from '../../desired/spec.ts';
import { boxTitle } from '../../plan/subject.ts';
import {
  BadChunkList,
  type ChunkList,
  chunkListDigest,
  longestList,
  readChunkList,
} from '../chunks/chunk-list.ts';
import { local, writeAll } from '../local-disk.ts';
import type { PeerSource } from '../peers/peer-source.ts';
import { reasonOf, SourceMissed } from '../sources/source.ts';
import { inTime, soon } from '../stall-limit.ts';
import { type FetchDeps, PEERS, type Peers } from './fetch-deps.ts';
import { listOf } from './files.ts';
import { stallOf } from './lane.ts';
import { ChunksContradict } from './partial-chunks.ts';

export type Obtained = { readonly list: ChunkList | null; readonly misses: readonly string[] };

/** The list that lies on this host already; null if there is none as catalogued. */
export async function listHere(box: BoxSpec, file: string): Promise<ChunkList | null> {
  const bytes = await readFile(listOf(file)).catch(() => null);
  return bytes === null || chunkListDigest(bytes) !== box.chunks ? null : readAs(box, bytes);
}

/** `list: null`: nobody has it as catalogued, and why. Throws ChunksContradict, BoxNotWritten or DiskShort. */
export async function obtainList(
  box: BoxSpec,
  deps: FetchDeps,
  peers: () => Promise<Peers>,
): Promise<Obtained> {
  const here = await listHere(box, deps.file);
  if (here !== null) return { list: here, misses: [] };
  const misses: string[] = [];
  for (const source of box.sources) {
    for await (const { address, pieces } of source === PEERS
      ? listsOfPeers((await peers()).now, deps)
      : [besides(source, box, deps)]) {
      try {
        await store(pieces, box, deps);
        return { list: await listHere(box, deps.file), misses };
      } catch (error) {
        deps.signal.throwIfAborted();
        if (error instanceof ChunksContradict) throw error;
        misses.push(`${address}: no chunk list: ${reasonOf(error)}`);
        const said = `${boxTitle(box)}: no chunk list from ${address}: ${reasonOf(error)}`;
        deps.log.warn({ event: 'chunk-list-missed', box: boxTitle(box), source: address }, said);
      }
    }
  }
  return { list: null, misses };
}

/** What somebody gives as the list; reading the pieces may throw why they do not. */
type Given = { readonly address: string; readonly pieces: AsyncIterable<Uint8Array> };

function besides(address: string, box: BoxSpec, deps: FetchDeps): Given {
  return { address, pieces: besideSource(address, box, deps) };
}

/** A host that has not answered within so many milliseconds may be far, or down: the next is asked as well. */
const MOMENT = 1000;

/** In the order of their answers. One after the other: each that has a list sends all of it. */
async function* listsOfPeers(peers: readonly PeerSource[], deps: FetchDeps): AsyncGenerator<Given> {
  const waiting = [...peers];
  const asked = new Map<PeerSource, Promise<{ readonly peer: PeerSource; readonly given: Given }>>();
  while (waiting.length + asked.size > 0) {
    const next = waiting.shift();
    if (next !== undefined) asked.set(next, listOfPeer(next, deps));
    const answer = await firstOf([...asked.values()], waiting.length > 0 ? MOMENT : null);
    if (answer === null) continue;
    asked.delete(answer.peer);
    yield answer.given;
  }
}

async function listOfPeer(peer: PeerSource, deps: FetchDeps): Promise<{ peer: PeerSource; given: Given }> {
  const list = soon(peer.list(deps.signal), stallOf(deps), deps.signal);
  await list.catch(() => undefined);
  return { peer, given: { address: peer.address, pieces: whole(list) } };
}

async function* whole(list: Promise<Uint8Array | null>): AsyncGenerator<Uint8Array> {
  const bytes = await list;
  if (bytes === null) throw new SourceMissed('it has none');
  yield bytes;
}

/** null: none of them within so many milliseconds; without a limit, whenever one comes. */
async function firstOf<T>(answers: readonly Promise<T>[], limitMs: number | null): Promise<T | null> {
  if (limitMs === null) return Promise.race(answers);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), limitMs);
  });
  return Promise.race([...answers, late]).finally(() => clearTimeout(timer));
}

async function* besideSource(address: string, box: BoxSpec, deps: FetchDeps): AsyncGenerator<Uint8Array> {
  const source = deps.source(listAddress(address), box.chunks ?? '');
  try {
    const start = { from: 0, validator: null, to: null };
    const body = await soon(source.open(start, deps.signal), stallOf(deps), deps.signal);
    try {
      if (body.size !== null && body.size > longestList(box.size)) throw tooLong(box);
      const pieces = inTime(body.chunks, stallOf(deps), deps.signal);
      yield* deps.limit?.(pieces, deps.signal) ?? pieces;
    } finally {
      body.close();
    }
  } finally {
    await source.close();
  }
}

/** A registry keeps files by their digest, beside nothing. */
function listAddress(address: string): string {
  return address.startsWith('oci:') ? address : `${address}.chunks`;
}

/**
 * Straight to the disk: before its digest is known, what comes is not worth memory. Whoever reads it there holds it against the digest.
 * Throws SourceMissed if it is another list; nothing of it stays.
 */
async function store(pieces: AsyncIterable<Uint8Array>, box: BoxSpec, { file }: FetchDeps): Promise<void> {
  const path = listOf(file);
  const handle = await local(path, open(path, 'w', 0o644));
  try {
    const hash = createHash('sha256');
    let size = 0;
    for await (const piece of pieces) {
      if (size + piece.length > longestList(box.size)) throw tooLong(box);
      await local(path, writeAll(handle, piece, size));
      hash.update(piece);
      size += piece.length;
    }
    const digest = hash.digest('hex');
    if (digest !== box.chunks)
      throw new SourceMissed(`it has SHA-256 ${digest}, and ${box.chunks} is catalogued`);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

function tooLong(box: BoxSpec): SourceMissed {
  return new SourceMissed(
    `it is longer than ${longestList(box.size)} bytes, as no list of ${box.size} bytes is`,
  );
}

/** It is the list that the catalogue means: if it is none, or another file's, the catalogue is wrong. */
function readAs(box: BoxSpec, bytes: Uint8Array): ChunkList {
  const why = `the chunk list of ${boxTitle(box)} that the catalogue names`;
  try {
    const list = readChunkList(bytes);
    if (list.size === box.size) return list;
    throw new ChunksContradict(
      `${why} is of a file of ${list.size} bytes, and size in the catalogue is ${box.size}: correct one of them`,
    );
  } catch (error) {
    if (!(error instanceof BadChunkList)) throw error;
    throw new ChunksContradict(
      `${why} cannot be read: ${error.message}. Name the right list in the catalogue, or none`,
    );
  }
}
