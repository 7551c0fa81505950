/** What a source that has nothing else to give takes over from a slower one. Pure. */
import type { ChunkList } from '../chunks/chunk-list.ts';
import { type Holding, holds } from './bitmap.ts';

/** Chunks that a source is asked for. `end` is exclusive, and comes nearer when another source takes over the rest. */
export type Run = {
  readonly source: number;
  readonly first: number;
  end: number;
  /** The chunk that comes next. */
  next: number;
  /** Bytes that came. */
  given: number;
  readonly beganAt: number;
  gaveAt: number;
};

export type Taken = {
  readonly of: Run;
  readonly first: number;
  readonly end: number;
  /** The chunk is on its way already, and asked for a second time: it cannot be cut in two. */
  readonly twice: boolean;
};

type Taker = {
  readonly source: number;
  readonly holding: Holding;
  /** Bytes a millisecond; null if not known: then it is taken for as fast as the other. */
  readonly rate: number | null;
  readonly now: number;
  /** Whether the chunk is on its way from one source, and from one alone. */
  isAskedOnce(chunk: number): boolean;
};

/** What takes less, in milliseconds, is left where it is. */
const WORTH = 500;
/** A chunk that is on its way is asked for again only where that is so much faster. */
const MUCH_FASTER = 4;

/** Of all runs of others the one that lasts longest; null if none is worth it. */
export function mostWorthTaking(list: ChunkList, runs: Iterable<Run>, taker: Taker): Taken | null {
  let best: Taken | null = null;
  let longest = WORTH;
  for (const run of runs) {
    if (run.source === taker.source) continue;
    const bytes = list.at(run.end) - list.at(run.next);
    const speed = Math.max(run.given, 1) / Math.max(1, taker.now - run.beganAt);
    const lasts = run.given === 0 ? taker.now - run.beganAt : Math.max(bytes / speed, taker.now - run.gaveAt);
    if (lasts <= longest) continue;
    const taken = restOf(list, run, taker);
    if (taken === null) continue;
    const takes = (list.at(taken.end) - list.at(taken.first)) / (taker.rate ?? (run.given === 0 ? 1 : speed));
    if (takes * (taken.twice ? MUCH_FASTER : 1) >= lasts) continue;
    longest = lasts;
    best = taken;
  }
  return best;
}

/** The second half of what the run has still to give, as far as the taker has it. */
function restOf(list: ChunkList, of: Run, { holding, isAskedOnce }: Taker): Taken | null {
  const { next, end } = of;
  const canGive = (chunk: number) => holds(holding, chunk) && isAskedOnce(chunk);
  if (end - next === 1) return canGive(next) ? { of, first: next, end, twice: true } : null;
  const middle = (list.at(next) + list.at(end)) / 2;
  let first = end;
  while (first - 1 > next && list.at(first - 1) >= middle && canGive(first - 1)) first--;
  return first < end ? { of, first, end, twice: false } : null;
}
