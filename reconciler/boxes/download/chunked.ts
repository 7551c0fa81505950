/** Fetches a box's file by its chunks: what is here is taken from here, and the rest from several sources at once. */
import type { BoxSpec } from '../../desired/spec.ts';
import type { ChunkList } from '../chunks/chunk-list.ts';
import { type FetchDeps, type Fetched, PEERS, type Peers } from './fetch-deps.ts';
import { PartialChunks } from './partial-chunks.ts';
import { reuse } from './reuse.ts';
import { Schedule } from './schedule.ts';
import { fetchMissing, type SwarmEnd } from './swarm.ts';

export type Chunked = { readonly isHere: boolean; readonly fetched: Fetched };

/** Throws BoxNotWritten, DiskShort, ChunksContradict, or why the signal was aborted. What came is kept. */
export async function fetchChunked(
  box: BoxSpec,
  list: ChunkList,
  deps: FetchDeps,
  peers: () => Promise<Peers>,
): Promise<Chunked> {
  const { file, log, signal } = deps;
  const began = Date.now();
  const { partial, thrownAway } = await PartialChunks.open(file, list, signal);
  try {
    if (thrownAway !== null)
      log.warn(
        { event: 'partial-thrown-away', file },
        `what was here of ${file} is thrown away: ${thrownAway}`,
      );
    const resumed = bytesIn(partial, list);
    const copied = await reuse({ file, list, partial, log, signal });
    const schedule = new Schedule(list, await placeOf(box, deps.name ?? '', peers));
    for (let chunk = 0; chunk < list.count; chunk++) if (partial.has(chunk)) schedule.arrived(chunk);
    const end = await fetchMissing({ box, list, partial, schedule, deps }, peers);
    const isHere = schedule.missing === 0;
    if (isHere) await partial.finish(box.sha256, signal);
    const notes = thrownAway === null ? [] : [`what was here is thrown away: ${thrownAway}`];
    const lines = [...notes, ...told(box, end, { resumed, copied, isHere, ms: Date.now() - began })];
    return { isHere, fetched: { text: lines.join('\n'), stats: statsOf(end, resumed + copied) } };
  } finally {
    await partial.close();
  }
}

/** Where this host begins: hosts lie side by side in the order of their names. From 0 to 1. */
async function placeOf(box: BoxSpec, name: string, peers: () => Promise<Peers>): Promise<number> {
  if (!box.sources.includes(PEERS)) return 0;
  const { now, later } = await peers();
  const others = [...now, ...later].filter((other) => other.name !== name);
  return others.filter((other) => other.name < name).length / (others.length + 1);
}

function bytesIn(partial: PartialChunks, list: ChunkList): number {
  let bytes = 0;
  for (let chunk = 0; chunk < list.count; chunk++) if (partial.has(chunk)) bytes += list.lengthAt(chunk);
  return bytes;
}

type Account = {
  readonly resumed: number;
  readonly copied: number;
  readonly isHere: boolean;
  readonly ms: number;
};

function told(
  box: BoxSpec,
  { givers, misses }: SwarmEnd,
  { resumed, copied, isHere, ms }: Account,
): string[] {
  const gave = givers.filter(({ given }) => given > 0);
  const right = isHere ? ', digest right' : '';
  return [
    ...misses,
    ...(resumed > 0 ? [`an earlier fetch: ${resumed} bytes`] : []),
    ...(copied > 0 ? [`older box files of this host: ${copied} bytes`] : []),
    ...gave.map(({ address, given }) => `${address}: ${given} bytes${gave.length === 1 ? right : ''}`),
    ...(isHere
      ? [`in all: ${box.size} bytes in ${(ms / 1000).toFixed(1)} s${gave.length === 1 ? '' : right}`]
      : []),
  ];
}

function statsOf({ givers }: SwarmEnd, reused: number): Fetched['stats'] {
  const bySource: Record<string, number> = {};
  let moved = 0;
  for (const giver of givers) {
    if (giver.given > 0) bySource[giver.address] = (bySource[giver.address] ?? 0) + giver.given;
    moved += giver.moved;
  }
  return { reused, moved, bySource };
}
