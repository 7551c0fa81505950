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
  for (const { address, get } of await waysTo(box, deps, peers)) {
    try {
      await store(await get(), box, deps);
      return { list: await listHere(box, deps.file), misses };
    } catch (error) {
      deps.signal.throwIfAborted();
      if (error instanceof ChunksContradict) throw error;
      misses.push(`${address}: no chunk list: ${reasonOf(error)}`);
      const said = `${boxTitle(box)}: no chunk list from ${address}: ${reasonOf(error)}`;
      deps.log.warn({ event: 'chunk-list-missed', box: boxTitle(box), source: address }, said);
    }
  }
  return { list: null, misses };
}

type Way = { readonly address: string; get(): Promise<AsyncIterable<Uint8Array>> };

async function waysTo(box: BoxSpec, deps: FetchDeps, peers: () => Promise<Peers>): Promise<Way[]> {
  const ways: Way[] = [];
  for (const address of box.sources) {
    if (address !== PEERS) {
      ways.push({ address, get: async () => besideSource(address, box, deps) });
      continue;
    }
    for (const peer of (await peers()).now) {
      const get = async () => {
        const bytes = await soon(peer.list(deps.signal), stallOf(deps), deps.signal);
        if (bytes === null) throw new SourceMissed('it has none');
        return asOne(bytes);
      };
      ways.push({ address: peer.address, get });
    }
  }
  return ways;
}

async function* asOne(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
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
