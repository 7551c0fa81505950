/** Which of a box's chunks lie in files that are here already: what need not be fetched. */
import type { ChunkList } from './chunk-list.ts';

/** A file that is here, and its chunks. */
export type SeedFile = { readonly file: string; readonly list: ChunkList };

/** Where each wanted chunk is, by the wanted chunk's index. A seed may be rotten: what is copied from one is to be hashed. */
export type SeedPlaces = {
  /** Wanted chunks that are in a seed. */
  readonly found: number;
  /** Index of the seed, or -1: in none. */
  readonly seed: Int32Array;
  /** Index of the chunk in that seed. */
  readonly chunk: Uint32Array;
};

/** The first seed that has a chunk is named for it. */
export function findInSeeds(wanted: ChunkList, seeds: readonly SeedFile[]): SeedPlaces {
  const firsts = new FirstByDigest(wanted);
  const seed = new Int32Array(wanted.count).fill(-1);
  const chunk = new Uint32Array(wanted.count);
  for (const [seedIndex, { list }] of seeds.entries()) {
    for (let index = 0; index < list.count; index++) {
      const first = firsts.of(list, index);
      if (first === null || seed[first] !== -1) continue;
      seed[first] = seedIndex;
      chunk[first] = index;
    }
  }
  return { found: alikeToo(wanted, firsts, seed, chunk), seed, chunk };
}

/** Gives each wanted chunk the place of the first one that is like it. Returns how many have one. */
function alikeToo(wanted: ChunkList, firsts: FirstByDigest, seed: Int32Array, chunk: Uint32Array): number {
  let found = 0;
  for (let index = 0; index < wanted.count; index++) {
    const first = firsts.of(wanted, index) ?? index;
    seed[index] = seed[first] ?? -1;
    chunk[index] = chunk[first] ?? 0;
    if (seed[index] !== -1) found += 1;
  }
  return found;
}

/** The first chunk of a list with some digest and length: a hash table of indices, 8 to 16 bytes a chunk. */
class FirstByDigest {
  readonly #list: ChunkList;
  readonly #mask: number;
  /** Index of a chunk and 1; 0: nothing here. */
  readonly #slots: Uint32Array;

  constructor(list: ChunkList) {
    this.#list = list;
    const room = 2 ** Math.ceil(Math.log2(2 * list.count + 1));
    this.#mask = room - 1;
    this.#slots = new Uint32Array(room);
    for (let index = 0; index < list.count; index++) {
      const slot = this.#slotOf(list, index);
      if (this.#slots[slot] === 0) this.#slots[slot] = index + 1;
    }
  }

  /** The first chunk that is like chunk `index` of `other`; null if none is. */
  of(other: ChunkList, index: number): number | null {
    const held = this.#slots[this.#slotOf(other, index)] ?? 0;
    return held === 0 ? null : held - 1;
  }

  /** The slot that has a chunk like it, or the empty one where it would be. */
  #slotOf(other: ChunkList, index: number): number {
    const digest = other.digestAt(index);
    for (let slot = digest.readUInt32BE(0) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const held = this.#slots[slot] ?? 0;
      if (held === 0) return slot;
      const alike = this.#list.lengthAt(held - 1) === other.lengthAt(index);
      if (alike && this.#list.digestAt(held - 1).equals(digest)) return slot;
    }
  }
}
