/**
 * Brings a box's file to this host: the first of its sources that gives the right bytes. A wrong byte never reaches Vagrant: the
 * file gets its name only when its digest is right.
 */
import { createHash } from 'node:crypto';
import { mkdir, open, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { BoxSpec } from '../desired/spec.ts';
import { BoxreeveError, DiskShort, ExitCode } from '../errors.ts';
import type { Logger } from '../log.ts';
import { boxTitle } from '../plan/subject.ts';
import { openFile } from './sources/file.ts';
import { openHttp } from './sources/http.ts';
import { type OpenSource, SourceMissed } from './sources/source.ts';

/** No source has the box as catalogued: someone must look at the sources, or at the catalogue. */
export class BoxUnavailable extends BoxreeveError {
  readonly exitCode = ExitCode.failed;
}

export type FetchDeps = {
  /** Where the file is to lie; a `.partial` beside it is gone on with. */
  readonly file: string;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  readonly signal: AbortSignal;
};

/** By scheme. The others are for a later version: a miss that says so. */
const SOURCES: Readonly<Record<string, OpenSource>> = {
  'file:': openFile,
  'http:': openHttp,
  'https:': openHttp,
};

/** The file, what Vagrant copies it to, and what it unpacks (VAGRANT.md trap 5). */
const TIMES_ITS_SIZE = 3;

/** Returns what was tried, a line a source. Throws BoxUnavailable or DiskShort. */
export async function fetchBox(box: BoxSpec, deps: FetchDeps): Promise<string> {
  if (await isThere(deps.file, box)) return `${boxTitle(box)} is here already`;
  await mkdir(dirname(deps.file), { recursive: true, mode: 0o700 });
  await assertRoom(box, deps.file);
  const told: string[] = [];
  for (const source of box.sources) {
    try {
      await fetchFrom(source, box, deps);
      told.push(`${source}: ${box.size} bytes, digest right`);
      return told.join('\n');
    } catch (error) {
      if (deps.signal.aborted) throw error;
      const why = error instanceof Error ? error.message : String(error);
      told.push(`${source}: ${why}`);
      deps.log.warn(
        { event: 'source-missed', box: boxTitle(box), source },
        `${boxTitle(box)} not from ${source}: ${why}`,
      );
    }
  }
  throw new BoxUnavailable(`no source has ${boxTitle(box)} as catalogued:\n${told.join('\n')}`);
}

async function isThere(file: string, box: BoxSpec): Promise<boolean> {
  if ((await stat(file).catch(() => null))?.size !== box.size) return false;
  return (await digestOf(file)) === box.sha256;
}

async function assertRoom(box: BoxSpec, file: string): Promise<void> {
  const disk = await statfs(dirname(file));
  const free = disk.bavail * disk.bsize;
  if (free < TIMES_ITS_SIZE * box.size) {
    throw new DiskShort(
      `${boxTitle(box)} needs ${TIMES_ITS_SIZE * box.size} bytes free in ${dirname(file)} (the file, Vagrant's copy, the unpacked box); there are ${free}`,
    );
  }
}

async function fetchFrom(source: string, box: BoxSpec, { file, log, signal }: FetchDeps): Promise<void> {
  const scheme = /^[a-z][a-z0-9+.-]*:/.exec(source)?.[0] ?? '';
  const openSource = SOURCES[scheme];
  if (openSource === undefined)
    throw new SourceMissed(`sources of the kind ${scheme || source} are not supported by this version`);
  const partial = `${file}.partial`;
  const from = await lengthOf(partial, box);
  const body = await openSource(source, from, signal);
  log.info(
    { event: 'fetching', box: boxTitle(box), source, from: body.from },
    `fetching ${boxTitle(box)} from ${source}`,
  );
  await writeChecked(partial, box, body, signal);
  await rename(partial, file);
  await syncFolder(dirname(file));
}

/** How much of a cut download is here; more than the whole is of no use. */
async function lengthOf(partial: string, box: BoxSpec): Promise<number> {
  const size = (await stat(partial).catch(() => null))?.size ?? 0;
  return size <= box.size ? size : 0;
}

type Body = Awaited<ReturnType<OpenSource>>;

async function writeChecked(partial: string, box: BoxSpec, body: Body, signal: AbortSignal): Promise<void> {
  const hash = createHash('sha256');
  const handle = await open(partial, body.from > 0 ? 'r+' : 'w', 0o600);
  try {
    await handle.truncate(body.from);
    for (let at = 0; at < body.from; ) at += await feed(handle, hash, at, body.from);
    let size = body.from;
    for await (const chunk of body.chunks) {
      signal.throwIfAborted();
      size += chunk.length;
      if (size > box.size)
        throw new SourceMissed(`gives more than the ${box.size} bytes that are catalogued`);
      hash.update(chunk);
      await handle.write(chunk, 0, chunk.length, size - chunk.length);
    }
    if (size < box.size) throw new Error(`ended after ${size} of ${box.size} bytes; what came is kept`);
    const digest = hash.digest('hex');
    if (digest !== box.sha256)
      throw new SourceMissed(`has SHA-256 ${digest}, and ${box.sha256} is catalogued`);
    await handle.sync();
  } catch (error) {
    // wrong bytes are thrown away; a connection that broke is gone on with next time
    if (error instanceof SourceMissed) await rm(partial, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

const PIECE = 1024 * 1024;

/** Hashes a piece of what is here already; returns its length. */
async function feed(
  handle: Awaited<ReturnType<typeof open>>,
  hash: ReturnType<typeof createHash>,
  at: number,
  end: number,
): Promise<number> {
  const buffer = Buffer.alloc(Math.min(PIECE, end - at));
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
  if (bytesRead === 0) throw new SourceMissed('what was here of it shrank while it was read');
  hash.update(buffer.subarray(0, bytesRead));
  return bytesRead;
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  const handle = await open(file, 'r');
  try {
    for await (const chunk of handle.createReadStream({ autoClose: false })) hash.update(chunk);
  } finally {
    await handle.close();
  }
  return hash.digest('hex');
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}
