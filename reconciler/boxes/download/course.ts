/**
 * Where in the file a source is asked for something next. It goes on from where it is; where another host was already, and now and then
 * in any case, it begins anywhere else. Pure: its chance is the same for one seed.
 */
import type { NumberSet } from './number-set.ts';

/** So many runs in a row: two hosts that came upon one place would go on side by side, and ask for the same all along. */
const STAYS = 64;
/** Places tried by chance; where less than a tenth is left, the next one has to do. */
const TRIES = 16;

export class Course {
  readonly #count: number;
  readonly #chance: () => number;
  #next: number;
  #stays = STAYS;

  /** @param count of segments @param begin the first one @param chance numbers from 0 to 1 */
  constructor(count: number, begin: number, chance: () => number) {
    this.#count = count;
    this.#chance = chance;
    this.#next = begin;
  }

  /** The segment to go on with, of those in both sets; null: there is none. */
  nextIn(segments: NumberSet, useful: NumberSet): number | null {
    const found = segments.nextInBoth(useful, this.#next);
    if (found === null || (found === this.#next && this.#stays > 0)) {
      this.#stays -= 1;
      return found;
    }
    this.#stays = STAYS;
    return this.#anywhereIn(segments, useful) ?? found;
  }

  goOn(segment: number): void {
    this.#next = segment % this.#count;
  }

  /** By chance, and not where one comes to from within what another host has: that is where it is at work. */
  #anywhereIn(segments: NumberSet, useful: NumberSet): number | null {
    for (let tries = 0; tries < TRIES; tries++) {
      const from = Math.floor(this.#chance() * this.#count);
      if (segments.nextInBoth(useful, from) === from) return from;
    }
    return null;
  }
}

/** Numbers from 0 to 1 that look like chance, and are the same for one seed (mulberry32). */
export function chanceFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
