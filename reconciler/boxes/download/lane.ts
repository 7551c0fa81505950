/** One of the reads that are under way at a time: asks a source for a run of chunks, and judges each when it comes. */
import type { ChunkList } from '../chunks/chunk-list.ts';
import { type Resume, type SourceBody, SourceMissed } from '../sources/source.ts';
import { inTime, STALL_LIMIT, soon } from '../stall-limit.ts';
import type { FetchDeps } from './fetch-deps.ts';
import { type Giver, WrongChunk } from './giver.ts';
import { isRight, type PartialChunks } from './partial-chunks.ts';
import { chunksOf } from './run-reader.ts';
import type { Run, Schedule } from './schedule.ts';

export type LaneParts = {
  readonly list: ChunkList;
  readonly partial: PartialChunks;
  readonly schedule: Schedule;
  readonly deps: FetchDeps;
  /** A chunk came. */
  arrived(): void;
};

/** `whole`: the source cannot begin in the middle, and all of it has been read; `left`: another lane is at that. */
export type LaneEnd = 'run' | 'whole' | 'left';

/** Reads a run, to its end as it is then. Throws WrongChunk, SourceMissed, or why the source broke off. */
export async function readRun(run: Run, giver: Giver, parts: LaneParts): Promise<LaneEnd> {
  const { list } = parts;
  const from = list.at(run.first);
  const body = await opened(giver, { from, validator: null, to: list.at(run.end) }, stallOf(parts.deps));
  try {
    assertSize(body, list);
    if (body.from !== from) return await readWhole(body, giver, parts);
    await readTo(run, body, giver, parts);
    return 'run';
  } finally {
    body.close();
  }
}

async function opened(giver: Giver, resume: Resume, stallMs: number): Promise<SourceBody> {
  const opening = giver.source.open(resume, giver.signal);
  try {
    return await soon(opening, stallMs, giver.signal);
  } catch (error) {
    // it may come after all, when nobody waits for it any more
    opening.then(
      (body) => body.close(),
      () => undefined,
    );
    throw error;
  }
}

async function readTo(run: Run, body: SourceBody, giver: Giver, parts: LaneParts): Promise<void> {
  const { list, schedule } = parts;
  for await (const { chunk, bytes } of chunksOf(counted(body, giver, parts.deps), list, run.first)) {
    const isNew = await take(chunk, bytes, giver, parts);
    schedule.gave(run, chunk, Date.now());
    if (isNew) parts.arrived();
    if (run.next >= run.end) return;
  }
  throw new Error(
    `broke off at byte ${list.at(run.next)}, and was asked for those up to ${list.at(run.end)}`,
  );
}

/** For a source that cannot begin in the middle: what is missing is taken as it passes. */
async function readWhole(body: SourceBody, giver: Giver, parts: LaneParts): Promise<LaneEnd> {
  const { list, schedule } = parts;
  if (body.from !== 0) throw new SourceMissed('begins elsewhere than it was asked to');
  if (giver.isReadWhole) return 'left';
  giver.isReadWhole = true;
  try {
    let next = 0;
    for await (const { chunk, bytes } of chunksOf(counted(body, giver, parts.deps), list, 0)) {
      next = chunk + 1;
      if (!(await take(chunk, bytes, giver, parts))) continue;
      schedule.arrived(chunk);
      parts.arrived();
    }
    if (next < list.count) throw new Error(`broke off at byte ${list.at(next)} of ${list.size}`);
    return 'whole';
  } finally {
    giver.isReadWhole = false;
  }
}

/** Whether the chunk was missing: it is here now. */
async function take(chunk: number, bytes: Uint8Array, giver: Giver, parts: LaneParts): Promise<boolean> {
  const { list, partial, schedule } = parts;
  if (schedule.isHere(chunk)) return false;
  if (!isRight(list, chunk, bytes)) throw new WrongChunk(chunk, list.at(chunk));
  await partial.put(chunk, bytes);
  // another source may have been quicker meanwhile
  if (schedule.isHere(chunk)) return false;
  giver.given += bytes.length;
  return true;
}

async function* counted(
  body: SourceBody,
  giver: Giver,
  { limit, stallMs }: FetchDeps,
): AsyncGenerator<Uint8Array> {
  const pieces = inTime(body.chunks, stallMs ?? STALL_LIMIT, giver.signal);
  for await (const piece of limit?.(pieces, giver.signal) ?? pieces) {
    giver.moved += piece.length;
    giver.signal.throwIfAborted();
    yield piece;
  }
}

function assertSize({ size }: SourceBody, list: ChunkList): void {
  if (size === null || size === list.size) return;
  throw new SourceMissed(`has ${size} bytes, and ${list.size} are catalogued`);
}

export function stallOf({ stallMs }: FetchDeps): number {
  return stallMs ?? STALL_LIMIT;
}
