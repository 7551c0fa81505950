/** One source while a box is fetched from several: what it gave, and whether it is asked any more. */

import type { PeerSource } from '../peers/peer-source.ts';
import { type Source, SourceMissed } from '../sources/source.ts';

/** A chunk came that is not the catalogued one: nothing of it is kept, and its source is not asked again. */
export class WrongChunk extends SourceMissed {
  constructor(chunk: number, at: number) {
    super(`gave other bytes than are catalogued (chunk ${chunk}, at byte ${at}), and is not asked again`);
  }
}

/** So often in a row a source may fail that gave something before. */
const MOST_FAILURES = 3;

export class Giver {
  readonly source: Source;
  /** null: a source of the catalogue. */
  readonly peer: PeerSource | null;
  /** Its number in the schedule. */
  readonly number: number;
  /** Bytes of right chunks that it gave. */
  given = 0;
  /** Bytes that came, whatever became of them. */
  moved = 0;
  /** Whether it is known what it has. */
  isKnown: boolean;
  hasNothing = true;
  /** Reads under way. */
  reads = 0;
  /** It cannot begin in the middle, and is being read from the beginning to the end. */
  isReadWhole = false;
  #failures = 0;
  readonly #gone = new AbortController();

  constructor(source: Source, peer: PeerSource | null, number: number) {
    this.source = source;
    this.peer = peer;
    this.number = number;
    this.isKnown = peer === null;
  }

  get address(): string {
    return this.source.address;
  }

  get isReading(): boolean {
    return this.reads > 0;
  }

  get isGone(): boolean {
    return this.#gone.signal.aborted;
  }

  /** Aborted when it is asked no more. */
  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  leave(): void {
    this.#gone.abort(new Error('it is asked no more'));
  }

  /** Whether it is to be given up for this. @param given bytes that came before it failed */
  isGivenUpFor(error: unknown, given: number): boolean {
    if (error instanceof WrongChunk) return true;
    this.#failures = given > 0 ? 0 : this.#failures + 1;
    // one that never gave anything is asked once; a peer's file gets another name when it is whole
    return this.#failures > (this.peer === null && this.given === 0 ? 0 : MOST_FAILURES);
  }

  /** Milliseconds to wait before it is asked again. */
  get pause(): number {
    return this.#failures * 200;
  }
}
