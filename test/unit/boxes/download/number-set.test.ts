import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NumberSet } from '../../../../reconciler/boxes/download/number-set.ts';

test('the next number in both of two sets is the one that a search one by one finds', () => {
  const LIMIT = 3000;
  const few = fc.array(fc.nat(LIMIT - 1), { maxLength: 40 });
  fc.assert(
    fc.property(few, few, few, fc.nat(LIMIT - 1), (both, one, out, from) => {
      const left = new NumberSet(LIMIT);
      const right = new NumberSet(LIMIT);
      for (const number of [...both, ...one]) left.put(number, true);
      for (const number of both) right.put(number, true);
      for (const number of out) right.put(number, false);
      const inBoth = both.filter((number) => !out.includes(number)).sort((a, b) => a - b);
      const expected = inBoth.find((number) => number >= from) ?? inBoth[0] ?? null;
      expect(left.nextInBoth(right, from)).toBe(expected);
    }),
  );
});
