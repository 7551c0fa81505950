import { expect, it } from 'vitest';
import { nameSome } from '../../reconciler/name-some.ts';

it('names all there are, and of more than so many, how many more', () => {
  expect(nameSome([], 2)).toBe('');
  expect(nameSome(['a', 'b'], 2)).toBe('a, b');
  expect(nameSome(['a', 'b', 'c'], 2)).toBe('a, b and 1 more');
});
