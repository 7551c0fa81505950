/** Random numbers that a seed determines: sfc32, from PractRand (http://pracrand.sourceforge.net/, public domain). */
export type Random = {
  /** From 0 up to 1. */
  next(): number;
  /** A whole number from `low` up to, and not including, `high`. */
  between(low: number, high: number): number;
  chance(share: number): boolean;
  pick<T>(from: readonly [T, ...T[]]): T;
  /** With this mean: the time to the next of events that do not know of each other. */
  wait(mean: number): number;
  /** Another sequence, which does not depend on how far this one has come. */
  fork(name: number): Random;
};

export function random(seed: number, stream = 0): Random {
  let [a, b, c, count] = [seed | 0, (seed / 2 ** 32) | 0, stream | 0, 1];
  const raw = () => {
    const sum = (((a + b) | 0) + count) | 0;
    count = (count + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };
  // the first numbers are alike for seeds that are
  for (let skipped = 0; skipped < 15; skipped += 1) raw();
  const next = () => raw() / 2 ** 32;
  return {
    next,
    between: (low, high) => low + Math.floor(next() * (high - low)),
    chance: (share) => next() < share,
    pick: ([first, ...rest]) => [first, ...rest][Math.floor(next() * (rest.length + 1))] ?? first,
    wait: (mean) => -Math.log(1 - next()) * mean,
    fork: (name) => random(seed, stream * 1009 + name + 1),
  };
}
