/**
 * Which chunks to ask of which source next. Pure: it knows what is missing and who has what, and is told the time.
 *
 * The file is cut into segments of about 1 MiB. A source is asked for a run of chunks of the segment that the fewest sources can
 * give. Among equals a host begins at its own place and goes on from there, so that hosts that begin together ask one seed for different
 * parts; where another host was already, it goes on from anywhere else: right behind that host's newest chunk it would follow it, or go
 * beside it, to the end.
 */
import type { ChunkList } from '../chunks/chunk-list.ts';
import { type Holding, holds } from './bitmap.ts';
import { Course, chanceFrom } from './course.ts';
import { NumberSet } from './number-set.ts';
import { type Segments, segmentsOf } from './segments.ts';
import { mostWorthTaking, type Run } from './takeover.ts';

export type { Run } from './takeover.ts';

/** In `#asked`: the chunk is here. Else so many runs ask for it. */
const HERE = 255;
/** No run has more bytes. */
export const LONGEST_RUN = 4 * 1024 * 1024;
/** No more than this part of the file is asked for a second time while it is on its way already. */
const MOST_TWICE = 1 / 100;

type SourceState = {
  holding: Holding;
  readonly useful: NumberSet;
  /** Bytes a millisecond. */
  rate: number | null;
  readonly course: Course;
};

export class Schedule {
  readonly #list: ChunkList;
  readonly #segments: Segments;
  readonly #asked: Uint8Array;
  /** Where this host begins: a segment. */
  readonly #begin: number;
  readonly #sources: SourceState[] = [];
  readonly #runs = new Set<Run>();
  /** By segment: how many sources can give something of it that nobody was asked for. */
  readonly #givers: Uint8Array;
  /** Segments by the number of their givers. */
  readonly #byGivers: NumberSet[] = [];
  readonly #chance: () => number;
  #missing: number;
  #twice = 0;

  /** @param place of this host in its fleet, from 0 to 1 */
  constructor(list: ChunkList, place: number) {
    this.#list = list;
    this.#segments = segmentsOf(list);
    this.#asked = new Uint8Array(list.count);
    this.#givers = new Uint8Array(this.#segments.count);
    this.#begin = Math.floor(place * this.#segments.count) % this.#segments.count;
    this.#missing = list.size;
    this.#chance = chanceFrom(Math.floor(place * 2 ** 32));
  }

  /** Bytes that are not here yet. */
  get missing(): number {
    return this.#missing;
  }

  isHere(chunk: number): boolean {
    return this.#asked[chunk] === HERE;
  }

  /** Returns the number that the source goes by from here on. It has nothing until `has` says so. */
  addSource(): number {
    this.#byGivers.push(new NumberSet(this.#segments.count));
    this.#sources.push({
      holding: null,
      useful: new NumberSet(this.#segments.count),
      rate: null,
      course: new Course(this.#segments.count, this.#begin, this.#chance),
    });
    return this.#sources.length - 1;
  }

  /** What the source has now. The bitmap is kept, and must not change. */
  has(source: number, holding: Holding): void {
    const state = this.#source(source);
    const before = state.holding;
    state.holding = holding;
    for (let segment = 0; segment < this.#segments.count; segment++) {
      if (!alike(before, holding, this.#segments, segment)) this.#look(state, segment);
    }
  }

  /** A chunk is here that was asked of nobody: it lay on this host, or came along unasked. */
  arrived(chunk: number): void {
    if (this.isHere(chunk)) return;
    this.#asked[chunk] = HERE;
    this.#missing -= this.#list.lengthAt(chunk);
    this.#lookAtChunks(chunk, chunk + 1);
  }

  /** The next run of chunks for a source; null: there is nothing that it could give. `now` in milliseconds. */
  pick(source: number, now: number, most = LONGEST_RUN): Run | null {
    const state = this.#source(source);
    for (const [givers, segments] of this.#byGivers.entries()) {
      const segment = state.course.nextIn(segments, state.useful);
      if (segment !== null) return this.#ask(source, segment, givers + 1, Math.min(most, LONGEST_RUN), now);
    }
    return this.#takeOver(source, now);
  }

  /** A chunk of a run has come, and is right. */
  gave(run: Run, chunk: number, now: number): void {
    run.next = chunk + 1;
    run.given += this.#list.lengthAt(chunk);
    run.gaveAt = now;
    if (this.isHere(chunk)) return;
    this.#asked[chunk] = HERE;
    this.#missing -= this.#list.lengthAt(chunk);
  }

  /** The run is over, to its end or not: what it did not give may be asked of others. */
  end(run: Run, now: number): void {
    if (!this.#runs.delete(run)) return;
    this.#askedBy(run.next, run.end, -1);
    this.#lookAtChunks(run.next, run.end);
    if (run.given > 0) this.#source(run.source).rate = run.given / Math.max(1, now - run.beganAt);
  }

  /** Whether something is missing that no source has and nobody was asked for. */
  lacksSource(): boolean {
    if (this.#sources.some(({ holding }) => holding === 'all')) return false;
    return this.#asked.some(
      (asked, chunk) => asked === 0 && !this.#sources.some(({ holding }) => holds(holding, chunk)),
    );
  }

  #ask(source: number, segment: number, givers: number, most: number, now: number): Run {
    const state = this.#source(source);
    const { holding } = state;
    const free = (chunk: number) => this.#asked[chunk] === 0 && holds(holding, chunk);
    let first = this.#segments.start(segment);
    while (!free(first)) first++;
    const behind = this.#list.at(first) + Math.min(most, this.#segments.longest * 4);
    let end = first + 1;
    while (end < this.#list.count && free(end) && this.#list.at(end + 1) <= behind) {
      // on into the next segment only if that is as rare
      if (end === this.#segments.start(segment + 1)) {
        segment += 1;
        if (most <= this.#segments.longest || this.#givers[segment] !== givers) break;
      }
      end++;
    }
    const last = this.#segments.of(end - 1);
    state.course.goOn(end === this.#segments.start(last + 1) ? last + 1 : last);
    return this.#begun({ source, first, end, next: first, given: 0, beganAt: now, gaveAt: now });
  }

  /** Near the end: the rest of a run that another source is slow to give. */
  #takeOver(source: number, now: number): Run | null {
    const { holding, rate } = this.#source(source);
    const isAskedOnce = (chunk: number) => this.#asked[chunk] === 1;
    const taken = mostWorthTaking(this.#list, this.#runs, { source, holding, rate, now, isAskedOnce });
    if (taken === null) return null;
    if (taken.twice) {
      const bytes = this.#list.at(taken.end) - this.#list.at(taken.first);
      if (this.#twice + bytes > this.#list.size * MOST_TWICE) return null;
      this.#twice += bytes;
    } else {
      taken.of.end = taken.first;
      this.#askedBy(taken.first, taken.end, -1);
    }
    const { first, end } = taken;
    return this.#begun({ source, first, end, next: first, given: 0, beganAt: now, gaveAt: now });
  }

  #begun(run: Run): Run {
    this.#askedBy(run.first, run.end, 1);
    this.#lookAtChunks(run.first, run.end);
    this.#runs.add(run);
    return run;
  }

  /** One run more, or less, asks for the chunks. */
  #askedBy(first: number, end: number, runs: 1 | -1): void {
    for (let chunk = first; chunk < end; chunk++) {
      const asked = this.#asked[chunk] ?? HERE;
      if (asked !== HERE) this.#asked[chunk] = asked + runs;
    }
  }

  #lookAtChunks(first: number, end: number): void {
    if (first >= end) return;
    const last = this.#segments.of(end - 1);
    for (let segment = this.#segments.of(first); segment <= last; segment++)
      for (const state of this.#sources) this.#look(state, segment);
  }

  /** Whether the source can give something of the segment that nobody was asked for. */
  #look({ holding, useful }: SourceState, segment: number): void {
    const end = this.#segments.start(segment + 1);
    let chunk = this.#segments.start(segment);
    while (chunk < end && !(this.#asked[chunk] === 0 && holds(holding, chunk))) chunk++;
    const isUseful = chunk < end;
    if (isUseful === useful.has(segment)) return;
    useful.put(segment, isUseful);
    const givers = this.#givers[segment] ?? 0;
    this.#byGivers[givers - 1]?.put(segment, false);
    this.#givers[segment] = givers + (isUseful ? 1 : -1);
    this.#byGivers[givers + (isUseful ? 1 : -1) - 1]?.put(segment, true);
  }

  #source(source: number): SourceState {
    const state = this.#sources[source];
    if (state === undefined) throw new RangeError(`there is no source ${source}`);
    return state;
  }
}

/** Whether two holdings are the same in a segment, as far as bytes of bitmaps tell. */
function alike(one: Holding, other: Holding, segments: Segments, segment: number): boolean {
  if (one === other) return true;
  if (one === null || other === null || one === 'all' || other === 'all') return false;
  const last = (segments.start(segment + 1) - 1) >>> 3;
  for (let byte = segments.start(segment) >>> 3; byte <= last; byte++) {
    if (one[byte] !== other[byte]) return false;
  }
  return true;
}
