import { expect, it } from 'vitest';
import { matchesPath } from '../../../reconciler/desired/path-pattern.ts';

it.each([
  ['hosts/', ['hosts/a.yaml', 'hosts/b/c', 'hosts'], ['host/a', 'x/hosts/a']],
  ['hosts/*.yaml', ['hosts/a.yaml', 'hosts/.yaml'], ['hosts/b/a.yaml', 'hosts/a.yml', 'hosts/a.yaml\n']],
  [
    'guests/**/init.sh',
    ['guests/init.sh', 'guests/a/init.sh', 'guests/a/b/init.sh'],
    ['guests/xinit.sh', 'init.sh'],
  ],
  ['**', ['a', 'a/b/c', ''], []],
  ['a*b*c', ['abc', 'axxbyyc', 'abcbc'], ['ab', 'abcx', 'a/b/c']],
  ['a.b', ['a.b'], ['axb']],
  ['***x', ['x', 'aax'], ['a/x']],
])('%s is about its paths and no other', (pattern, its, others) => {
  expect(its.filter((path) => !matchesPath(pattern, path))).toEqual([]);
  expect(others.filter((path) => matchesPath(pattern, path))).toEqual([]);
});

it('comes to an end, whatever is written', () => {
  const path = `${'a/'.repeat(500)}b`;
  expect(matchesPath(`${'**/a/'.repeat(100)}c`, path)).toBe(false);
  expect(matchesPath(`${'*a'.repeat(200)}c`, 'a'.repeat(1000))).toBe(false);
});
