/**
 * Brings a box's file to this host: the first of its sources that gives the right bytes. A wrong byte never reaches Vagrant: the
 * file gets its name only when its digest is right.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MINUTE } from '../clock.ts';
import type { BoxSpec } from '../desired/spec.ts';
import { BoxreeveError, DiskShort, ExitCode } from '../errors.ts';
import type { Logger } from '../log.ts';
import { boxTitle } from '../plan/subject.ts';
import { bytesHere, completeFromPartial, receive, resumeFor, WrongDigest } from './partial-file.ts';
import { openFile } from './sources/file.ts';
import { openHttp } from './sources/http.ts';
import { type OpenSource, reasonOf, SourceMissed } from './sources/source.ts';
import { inTime } from './stall-limit.ts';

/** No source has the box as catalogued: someone must look at the sources, or at the catalogue. */
export class BoxUnavailable extends BoxreeveError {
  readonly exitCode = ExitCode.failed;
}

/** A link that is slow gives something within two minutes; one that is dead does not. */
const STALL_LIMIT = 2 * MINUTE;

export type FetchDeps = {
  /** Where the file is to lie; a `.partial` beside it is gone on with. */
  readonly file: string;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  readonly signal: AbortSignal;
  /** Bytes free on the disk of a folder. */
  readonly freeBytes?: (folder: string) => Promise<number>;
  /** Sources that gave another file than is catalogued are put here, and not asked for that box again. */
  readonly shunned?: Set<string>;
  /** How long a source may give nothing, in milliseconds. */
  readonly stallMs?: number;
};

/** By scheme. The others are for a later version: a miss that says so. */
const SOURCES: Readonly<Record<string, OpenSource>> = {
  'file:': openFile,
  'http:': openHttp,
  'https:': openHttp,
};

/** The file, what Vagrant copies it to, and what it unpacks (VAGRANT.md trap 5). */
const TIMES_ITS_SIZE = 3;

/** Returns what was tried, a line a source. Throws BoxUnavailable, BoxNotWritten or DiskShort. */
export async function fetchBox(box: BoxSpec, deps: FetchDeps): Promise<string> {
  if (await isThere(deps.file, box)) return `${boxTitle(box)} is here already`;
  await mkdir(dirname(deps.file), { recursive: true, mode: 0o700 });
  if (await completeFromPartial(deps.file, box)) return `${boxTitle(box)} was here, but for its name`;
  await assertRoom(box, deps);
  const misses: string[] = [];
  for (const source of box.sources) {
    const why = await whyNotFrom(source, box, deps);
    if (why === null) return [...misses, `${source}: ${box.size} bytes, digest right`].join('\n');
    misses.push(`${source}: ${why}`);
  }
  throw new BoxUnavailable(
    `no source has ${boxTitle(box)} as catalogued:\n${misses.join('\n')}\nsee to one of them, or to the catalogue`,
  );
}

async function isThere(file: string, box: BoxSpec): Promise<boolean> {
  if ((await stat(file).catch(() => null))?.size !== box.size) return false;
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return hash.digest('hex') === box.sha256;
}

async function assertRoom(box: BoxSpec, { file, freeBytes = freeOnDisk }: FetchDeps): Promise<void> {
  const needed = TIMES_ITS_SIZE * box.size - (await bytesHere(file, box));
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

/** null: the file is here. Throws when no other source can help, or the fetch was told to stop. */
async function whyNotFrom(source: string, box: BoxSpec, deps: FetchDeps): Promise<string | null> {
  const mark = `${box.sha256} ${source}`;
  if (deps.shunned?.has(mark)) return 'gave another file before, and is not asked again';
  try {
    await fetchFrom(source, box, deps);
    return null;
  } catch (error) {
    if (deps.signal.aborted || error instanceof BoxreeveError) throw error;
    if (error instanceof WrongDigest) deps.shunned?.add(mark);
    const why = reasonOf(error);
    deps.log.warn(
      { event: 'source-missed', box: boxTitle(box), source },
      `${boxTitle(box)} not from ${source}: ${why}`,
    );
    return why;
  }
}

async function fetchFrom(source: string, box: BoxSpec, deps: FetchDeps): Promise<void> {
  const { file, log, signal } = deps;
  const openSource = sourceFor(source);
  const body = await openSource(source, await resumeFor(file, box, source), signal);
  log.info(
    { event: 'fetching', box: boxTitle(box), source, from: body.from },
    `fetching ${boxTitle(box)} from ${source}`,
  );
  try {
    await receive(
      file,
      box,
      source,
      { ...body, chunks: inTime(body.chunks, deps.stallMs ?? STALL_LIMIT) },
      signal,
    );
  } catch (error) {
    // what was here of it may have been wrong, and not what this source gave
    if (error instanceof WrongDigest && error.resumed) return fetchFrom(source, box, deps);
    throw error;
  }
}

function sourceFor(source: string): OpenSource {
  const scheme = /^[a-z][a-z0-9+.-]*:/.exec(source)?.[0] ?? source;
  const openSource = Object.hasOwn(SOURCES, scheme) ? SOURCES[scheme] : undefined;
  if (openSource === undefined) {
    throw new SourceMissed(`sources of the kind ${scheme} are not supported by this version`);
  }
  return openSource;
}
