/** A file's chunks in groups of about equal size: what is said of a group need not be said of each of half a million chunks. */
import type { ChunkList } from '../chunks/chunk-list.ts';

const LONGEST = 1024 * 1024;
const SHORTEST = 64 * 1024;
/** A small file has shorter segments, so that hosts find enough of them to exchange. */
const WANTED = 512;

export type Segments = {
  readonly count: number;
  /** Bytes that none has more of, but one that is a single chunk. */
  readonly longest: number;
  /** Its first chunk; for `count`, the number of chunks. */
  start(segment: number): number;
  of(chunk: number): number;
};

export function segmentsOf(list: ChunkList): Segments {
  const longest = Math.min(LONGEST, Math.max(SHORTEST, Math.ceil(list.size / WANTED)));
  const of = new Uint32Array(list.count);
  const starts = [0];
  let begin = 0;
  for (let chunk = 0; chunk < list.count; chunk++) {
    if (list.at(chunk + 1) - begin > longest && list.at(chunk) > begin) {
      begin = list.at(chunk);
      starts.push(chunk);
    }
    of[chunk] = starts.length - 1;
  }
  const start = (segment: number) => starts[segment] ?? list.count;
  return { count: starts.length, longest, start, of: (chunk) => of[chunk] ?? 0 };
}
