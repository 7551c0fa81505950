/** Some of the numbers below a limit. Built to be asked again and again for the next one that is in two sets at once. */
export class NumberSet {
  readonly #words: Uint32Array;
  /** Bit w: word w is not empty. */
  readonly #marks: Uint32Array;

  constructor(limit: number) {
    this.#words = new Uint32Array(Math.ceil(limit / 32) || 1);
    this.#marks = new Uint32Array(Math.ceil(this.#words.length / 32));
  }

  has(number: number): boolean {
    return ((this.#words[number >>> 5] ?? 0) & bit(number)) !== 0;
  }

  put(number: number, isIn: boolean): void {
    const word = number >>> 5;
    const before = this.#words[word] ?? 0;
    const after = isIn ? before | bit(number) : before & ~bit(number);
    this.#words[word] = after;
    const mark = this.#marks[word >>> 5] ?? 0;
    this.#marks[word >>> 5] = after === 0 ? mark & ~bit(word) : mark | bit(word);
  }

  /** The first number from `from` on that is in the other set too; behind the last it goes on at 0. */
  nextInBoth(other: NumberSet, from: number): number | null {
    return this.#inBoth(other, from) ?? this.#inBoth(other, 0);
  }

  #inBoth(other: NumberSet, from: number): number | null {
    const word = from >>> 5;
    const here = (this.#words[word] ?? 0) & (other.#words[word] ?? 0) & bitsFrom(from);
    if (here !== 0) return word * 32 + lowest(here);
    for (let next = this.#word(other, word + 1); next !== null; next = this.#word(other, next + 1)) {
      const both = (this.#words[next] ?? 0) & (other.#words[next] ?? 0);
      if (both !== 0) return next * 32 + lowest(both);
    }
    return null;
  }

  /** The first word from `from` on that is empty in neither set. */
  #word(other: NumberSet, from: number): number | null {
    let mask = bitsFrom(from);
    for (let mark = from >>> 5; mark < this.#marks.length; mark++) {
      const both = (this.#marks[mark] ?? 0) & (other.#marks[mark] ?? 0) & mask;
      if (both !== 0) return mark * 32 + lowest(both);
      mask = -1;
    }
    return null;
  }
}

function bit(number: number): number {
  return 1 << (number & 31);
}

function bitsFrom(number: number): number {
  return -1 << (number & 31);
}

function lowest(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
