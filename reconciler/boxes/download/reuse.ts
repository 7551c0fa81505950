/** Copies what older box files of this host have of the wanted one: what is here need not be fetched. */
import { type FileHandle, open, readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { Logger } from '../../log.ts';
import { type ChunkList, chunkListDigest, readChunkList } from '../chunks/chunk-list.ts';
import { describeFile } from '../chunks/describe.ts';
import { findInSeeds, type SeedFile } from '../chunks/seeds.ts';
import { listOf } from './files.ts';
import { isRight, type PartialChunks } from './partial-chunks.ts';

type Reuse = {
  /** The wanted file; its folder is looked through. */
  readonly file: string;
  readonly list: ChunkList;
  readonly partial: PartialChunks;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  readonly signal: AbortSignal;
};

/** Returns the bytes that were copied. Throws BoxNotWritten, DiskShort, or why the signal was aborted. */
export async function reuse({ file, list, partial, log, signal }: Reuse): Promise<number> {
  const seeds = await seedsBeside(file, log, signal);
  if (seeds.length === 0) return 0;
  const places = findInSeeds(list, seeds);
  const open = new OpenSeeds(seeds);
  let bytes = 0;
  try {
    for (let chunk = 0; chunk < list.count; chunk++) {
      const seed = places.seed[chunk] ?? -1;
      if (seed < 0 || partial.has(chunk)) continue;
      signal.throwIfAborted();
      const copy = await open.read(seed, places.chunk[chunk] ?? 0);
      // a seed may be rotten: its chunk is fetched then like any other
      if (copy === null || !isRight(list, chunk, copy)) continue;
      await partial.put(chunk, copy);
      bytes += copy.length;
    }
  } finally {
    await open.close();
  }
  log.info({ event: 'box-reused', bytes }, `${bytes} bytes are in older box files of this host`);
  return bytes;
}

/** Whole box files in the folder of the wanted one, with their chunk lists; those that have none are read through. */
async function seedsBeside(file: string, log: Reuse['log'], signal: AbortSignal): Promise<SeedFile[]> {
  const names = (await readdir(dirname(file))).filter((name) => /^[0-9a-f]{64}\.box$/.test(name)).sort();
  const seeds: SeedFile[] = [];
  for (const name of names) {
    if (name === basename(file)) continue;
    const seed = join(dirname(file), name);
    try {
      seeds.push({ file: seed, list: (await listBeside(seed)) ?? (await listMade(seed, log, signal)) });
    } catch (error) {
      signal.throwIfAborted();
      log.warn(
        { event: 'seed-unread', file: seed },
        `${seed} is no help, it cannot be read: ${String(error)}`,
      );
    }
  }
  return seeds;
}

async function listBeside(seed: string): Promise<ChunkList | null> {
  try {
    return readChunkList(await readFile(listOf(seed)));
  } catch {
    return null;
  }
}

async function listMade(seed: string, log: Reuse['log'], signal: AbortSignal): Promise<ChunkList> {
  log.info({ event: 'seed-described', file: seed }, `looking what ${seed} has of the wanted box`);
  const { list } = await describeFile(seed, signal);
  await writeFileAtomic(listOf(seed), list, { mode: 0o644 });
  log.info(
    { event: 'seed-list', file: seed, chunks: chunkListDigest(list) },
    `wrote the chunk list of ${seed}`,
  );
  return readChunkList(list);
}

class OpenSeeds {
  readonly #seeds: readonly SeedFile[];
  readonly #handles = new Map<number, FileHandle | null>();

  constructor(seeds: readonly SeedFile[]) {
    this.#seeds = seeds;
  }

  /** The bytes at a chunk's place; null if they cannot be read. */
  async read(seed: number, chunk: number): Promise<Buffer | null> {
    const from = this.#seeds[seed];
    if (from === undefined) return null;
    const handle = this.#handles.get(seed) ?? (await open(from.file, 'r').catch(() => null));
    this.#handles.set(seed, handle);
    const bytes = Buffer.allocUnsafe(from.list.lengthAt(chunk));
    const got = await handle?.read(bytes, 0, bytes.length, from.list.at(chunk)).catch(() => null);
    return got?.bytesRead === bytes.length ? bytes : null;
  }

  async close(): Promise<void> {
    for (const handle of this.#handles.values()) await handle?.close();
  }
}
