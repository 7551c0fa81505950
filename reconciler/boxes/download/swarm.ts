/**
 * Fetches what is missing of a box from several sources at once. The catalogue's sources begin in their order, each when those
 * before it have not all that is missing; what has begun goes on beside the others.
 */
import { SourceMissed } from '../sources/source.ts';
import { Crew, type CrewParts } from './crew.ts';
import { PEERS, type Peers } from './fetch-deps.ts';
import type { Giver } from './giver.ts';
import { stallOf } from './lane.ts';

/** So long peers may take to say what they have before the next source begins, in milliseconds. */
const FIRST_LOOK = 10_000;
/** So long nothing came: the next source begins too. */
const IDLE = 15_000;

export type SwarmEnd = { readonly givers: readonly Giver[]; readonly misses: readonly string[] };

/** Ends when all is here, or nobody is left to ask. Throws what is the matter with this host, or why it was told to stop. */
export async function fetchMissing(parts: CrewParts, peers: () => Promise<Peers>): Promise<SwarmEnd> {
  const { box, deps } = parts;
  const crew = new Crew(parts);
  const stop = () => crew.fail(deps.signal.reason);
  deps.signal.addEventListener('abort', stop, { once: true });
  if (deps.signal.aborted) stop();
  try {
    for (const address of box.sources) {
      if (crew.isOver) break;
      if (address === PEERS) await beginWithPeers(crew, peers);
      else crew.addSource(address);
      while (!crew.isOver && !needsMore(crew)) await crew.change();
    }
    while (!crew.isOver && hasHope(crew, stallOf(deps))) await crew.change();
  } finally {
    deps.signal.removeEventListener('abort', stop);
    await crew.end();
  }
  return crew;
}

async function beginWithPeers(crew: Crew, peers: () => Promise<Peers>): Promise<void> {
  const { now, later } = await peers();
  if (now.length === 0) crew.miss(PEERS, new SourceMissed('no other host offers its boxes to this one'));
  crew.addPeers(now, later);
  const since = Date.now();
  const isOpen = ({ isKnown, isGone }: Giver) => !isKnown && !isGone;
  while (!crew.isOver && crew.givers.some(isOpen) && Date.now() - since < FIRST_LOOK) await crew.change();
  if (crew.givers.some(({ peer, isGone }) => peer !== null && !isGone) && needsMore(crew))
    crew.misses.push(`${PEERS}: no other host has all of it now`);
}

/** Whether those that have begun cannot give all that is missing, or give nothing. */
function needsMore(crew: Crew): boolean {
  return crew.lacks || crew.idleMs > IDLE;
}

/** Whether something may still come, when no further source is left to begin with. */
function hasHope(crew: Crew, stallMs: number): boolean {
  if (crew.givers.every(({ isGone, isKnown, hasNothing }) => isGone || (isKnown && hasNothing))) {
    // what was asked of one that has nothing left may be on its way
    return crew.givers.some(({ isGone, isReading }) => !isGone && isReading);
  }
  // hosts that are still fetching it themselves may get what is missing
  return !crew.lacks || crew.idleMs < stallMs;
}
