/**
 * What a parser has not been promised: valid input, after what may happen to it on its way. Bytes are flipped, cut, put in, doubled,
 * taken from another input; numbers grow, values of JSON become others, and what parsers of all kinds have stumbled over is put
 * anywhere. One case in some is not touched: what is valid must stay so.
 */
import fc from 'fast-check';
import { hostile, hugeNumber } from './hostile.ts';

export type Sample = string | Buffer;

/** Bytes of one of the samples, mutated. */
export function damaged(samples: readonly Sample[]): fc.Arbitrary<Buffer> {
  const all = samples.map((sample) => Buffer.from(sample));
  return fc
    .record({ sample: fc.constantFrom(...all), edits: fc.array(edit(all), { maxLength: 4 }) })
    .map(({ sample, edits }) =>
      readable(edits.reduce((bytes: Buffer, change) => change.make(bytes), Buffer.from(sample))),
    );
}

/** Shown as text when a case fails. */
function readable(bytes: Buffer): Buffer {
  return Object.defineProperty(bytes, fc.toStringMethod, {
    value: () => `Buffer.from(${JSON.stringify(bytes.toString('latin1'))}, 'latin1')`,
  });
}

/** The same as text: what UTF-8 makes of it, and now and then half of a character as only JavaScript has it. */
export function damagedText(samples: readonly Sample[]): fc.Arbitrary<string> {
  return fc
    .record({ bytes: damaged(samples), half: often(8, fc.constantFrom('', '\ud800', 'x\udc00')), at: PLACE })
    .map(({ bytes, half, at }) => {
      const text = bytes.toString('utf8');
      const place = at % (text.length + 1);
      return text.slice(0, place) + half + text.slice(place);
    });
}

/** Somewhere in what is mutated. */
export const PLACE = fc.noBias(fc.nat(0xffff));

/** One of `of`, but nothing `times` times as often. */
function often<T>(times: number, of: fc.Arbitrary<T>): fc.Arbitrary<T | ''> {
  return fc.oneof({ weight: times, arbitrary: fc.constant('' as const) }, { weight: 1, arbitrary: of });
}

type Edit = { readonly what: string; readonly make: (bytes: Buffer) => Buffer };

/** Cases grow no larger than this by doubling: limits of parsers are tested by name. */
const LARGEST = 64 * 1024;

function edit(samples: readonly Buffer[]): fc.Arbitrary<Edit> {
  const at = PLACE;
  const length = fc.oneof(fc.nat(8), fc.nat(200), PLACE);
  return fc.oneof(
    fc
      .record({ at, bit: fc.nat(7) })
      .map(({ at, bit }) => ({ what: `flip ${at}.${bit}`, make: flip(at, bit) })),
    fc
      .record({ at, length })
      .map(({ at, length }) => ({ what: `cut ${at}+${length}`, make: cut(at, length) })),
    at.map((at) => ({ what: `end at ${at}`, make: cut(at, LARGEST) })),
    {
      weight: 3,
      arbitrary: fc
        .record({ at, put: hostile })
        .map(({ at, put }) => ({ what: `put at ${at}`, make: insert(at, put) })),
    },
    fc.record({ at, length, times: fc.constantFrom(2, 2, 2, 2, 3, 200) }).map(({ at, length, times }) => ({
      what: `${times} times ${at}+${length}`,
      make: repeat(at, length, times),
    })),
    fc
      .record({ at, other: fc.constantFrom(...samples), from: at, length })
      .map(({ at, other, from, length }) => ({
        what: `splice at ${at}`,
        make: insert(at, piece(other, from, length)),
      })),
    fc
      .record({ at, number: hugeNumber })
      .map(({ at, number }) => ({ what: `number ${number}`, make: grow(at, number) })),
    fc
      .constantFrom<readonly [string, string]>(
        ['\n', '\r\n'],
        ['\n', '\r'],
        [' ', '\t'],
        ['\0', '\n'],
        ['\n', ''],
      )
      .map(([from, to]) => ({
        what: `${JSON.stringify(from)} is ${JSON.stringify(to)}`,
        make: (bytes: Buffer) => Buffer.from(bytes.toString('latin1').replaceAll(from, to), 'latin1'),
      })),
  );
}

function flip(at: number, bit: number): Edit['make'] {
  return (bytes) => {
    if (bytes.length === 0) return bytes;
    const copy = Buffer.from(bytes);
    const place = at % copy.length;
    copy[place] = (copy[place] ?? 0) ^ (1 << bit);
    return copy;
  };
}

function cut(at: number, length: number): Edit['make'] {
  return (bytes) => {
    const place = at % (bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, place), bytes.subarray(place + length)]);
  };
}

function insert(at: number, put: Buffer): Edit['make'] {
  return (bytes) => {
    const place = at % (bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, place), put, bytes.subarray(place)]);
  };
}

function repeat(at: number, length: number, times: number): Edit['make'] {
  return (bytes) => {
    const part = piece(bytes, at, length);
    const most = Math.min(times, Math.floor(LARGEST / Math.max(1, part.length)));
    return insert(at, Buffer.concat(Array.from({ length: most }, () => part)))(bytes);
  };
}

function piece(bytes: Buffer, at: number, length: number): Buffer {
  const place = at % (bytes.length + 1);
  return bytes.subarray(place, place + length);
}

/** The next number after a place becomes another one. */
function grow(at: number, number: string): Edit['make'] {
  return (bytes) => {
    const text = bytes.toString('latin1');
    const found = /\d+/.exec(text.slice(at % (text.length + 1)));
    if (found === null) return bytes;
    const start = (at % (text.length + 1)) + found.index;
    return Buffer.from(text.slice(0, start) + number + text.slice(start + found[0].length), 'latin1');
  };
}
