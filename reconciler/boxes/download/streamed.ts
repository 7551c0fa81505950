/** Fetches a box's file as a whole: the first of its sources that gives the right bytes. For boxes without a chunk list. */
import type { BoxSpec } from '../../desired/spec.ts';
import { BoxreeveError } from '../../errors.ts';
import { boxTitle } from '../../plan/subject.ts';
import { receive, resumeFor, WrongDigest } from '../partial-file.ts';
import type { PeerSource } from '../peers/peer-source.ts';
import { reasonOf, type Source, type SourceBody, SourceMissed } from '../sources/source.ts';
import { inTime, soon } from '../stall-limit.ts';
import { type FetchDeps, PEERS, type Peers, shunMark } from './fetch-deps.ts';
import { stallOf } from './lane.ts';

export type Streamed = {
  /** The source that gave the file; null: none did. */
  readonly from: string | null;
  readonly misses: readonly string[];
  /** Bytes that came, whatever became of them. */
  readonly moved: number;
};

/** Throws when no other source can help, or the fetch was told to stop. */
export async function fetchStreamed(
  box: BoxSpec,
  deps: FetchDeps,
  peers: () => Promise<Peers>,
): Promise<Streamed> {
  const misses: string[] = [];
  const count = { moved: 0 };
  for (const address of box.sources) {
    for (const way of await waysOf(address, box, deps, peers)) {
      const why = await whyNotFrom(way, box, deps, count);
      if (why === null) return { from: way.address, misses, moved: count.moved };
      misses.push(`${way.address}: ${why}`);
    }
  }
  return { from: null, misses, moved: count.moved };
}

type Way = { readonly address: string; source(): Promise<Source> };

async function waysOf(
  address: string,
  box: BoxSpec,
  deps: FetchDeps,
  peers: () => Promise<Peers>,
): Promise<Way[]> {
  if (address !== PEERS) return [{ address, source: async () => deps.source(address, box.sha256) }];
  const { now, later } = await peers();
  const none = async () => Promise.reject(new SourceMissed('no other host offers its boxes to this one'));
  if (now.length === 0) return [{ address, source: none }];
  return [...now, ...later].map((peer) => ({ address: peer.address, source: () => wholeFrom(peer, deps) }));
}

/** A host that has only a part of the file does not know which, without a chunk list. */
async function wholeFrom(peer: PeerSource, deps: FetchDeps): Promise<Source> {
  if ((await soon(peer.have(0, deps.signal), stallOf(deps), deps.signal)) === 'all') return peer;
  throw new SourceMissed('does not have it');
}

/** null: the file is here. */
async function whyNotFrom(
  { address, source }: Way,
  box: BoxSpec,
  deps: FetchDeps,
  count: { moved: number },
): Promise<string | null> {
  const mark = shunMark(box, address);
  if (deps.shunned?.has(mark)) return 'gave another file before, and is not asked again';
  try {
    const opened = await source();
    try {
      await fetchFrom(opened, box, deps, count);
    } finally {
      await opened.close();
    }
    return null;
  } catch (error) {
    if (deps.signal.aborted || error instanceof BoxreeveError) throw error;
    if (error instanceof WrongDigest) deps.shunned?.add(mark);
    const why = reasonOf(error);
    deps.log.warn(
      { event: 'source-missed', box: boxTitle(box), source: address },
      `${boxTitle(box)} not from ${address}: ${why}`,
    );
    return why;
  }
}

async function fetchFrom(
  source: Source,
  box: BoxSpec,
  deps: FetchDeps,
  count: { moved: number },
): Promise<void> {
  const { file, log, signal } = deps;
  const { address } = source;
  const body = await source.open(await resumeFor(file, box, address), signal);
  log.info(
    { event: 'fetching', box: boxTitle(box), source: address, from: body.from },
    `fetching ${boxTitle(box)} from ${address}`,
  );
  try {
    await receive(file, box, address, { ...body, chunks: counted(body, deps, count) }, signal);
  } catch (error) {
    // what was here of it may have been wrong, and not what this source gave
    if (error instanceof WrongDigest && error.resumed) return fetchFrom(source, box, deps, count);
    throw error;
  }
}

async function* counted(
  body: SourceBody,
  deps: FetchDeps,
  count: { moved: number },
): AsyncGenerator<Uint8Array> {
  const pieces = inTime(body.chunks, stallOf(deps));
  for await (const piece of deps.limit?.(pieces, deps.signal) ?? pieces) {
    count.moved += piece.length;
    yield piece;
  }
}
