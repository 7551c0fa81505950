/**
 * Which of two versions of a box is the newer one, by the rules of Ruby's Gem::Version, as Vagrant has it:
 *
 * 1. A version is its runs of digits and of letters; `-` stands for `.pre.`.
 * 2. Zeros at the end count for nothing, at the end of the part before the first letter as well: 1.0 is 1, and 1.0.a is 1.a.
 * 3. Numbers go by value, letters by ASCII; a letter comes before any number and before nothing: 1.a, 1, 1.1.
 */

/** Negative if `one` is older than `other`, positive if it is newer, 0 if Vagrant takes them for the same. */
export function compareVersions(one: string, other: string): number {
  const [left, right] = [segmentsOf(one), segmentsOf(other)];
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const order = compareSegments(left[at] ?? NOTHING, right[at] ?? NOTHING);
    if (order !== 0) return order;
  }
  return 0;
}

type Segment = string | bigint;

/** What a version goes on with once it is at its end. */
const NOTHING = 0n;

function segmentsOf(version: string): readonly Segment[] {
  const found = version.replaceAll('-', '.pre.').match(/[0-9]+|[A-Za-z]+/g) ?? [];
  const segments = found.map((text): Segment => (/^[0-9]/.test(text) ? BigInt(text) : text));
  const letters = segments.findIndex((segment) => typeof segment === 'string');
  if (letters < 0) return withoutZeros(segments);
  return [...withoutZeros(segments.slice(0, letters)), ...withoutZeros(segments.slice(letters))];
}

function withoutZeros(segments: readonly Segment[]): readonly Segment[] {
  return segments.slice(0, segments.findLastIndex((segment) => segment !== 0n) + 1);
}

function compareSegments(one: Segment, other: Segment): number {
  if (one === other) return 0;
  if (typeof one === typeof other) return one < other ? -1 : 1;
  return typeof one === 'string' ? -1 : 1;
}
