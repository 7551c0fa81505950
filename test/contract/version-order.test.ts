/** The order of versions, held against the Ruby whose Gem::Version Vagrant compares them by. */
import { execa } from 'execa';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareVersions } from '../../reconciler/plan/version-order.ts';

const part = fc.constantFrom(
  '0',
  '00',
  '1',
  '2',
  '10',
  '09',
  'a',
  'B',
  'rc',
  'rc1',
  '1a',
  'pre',
  '99999999999999999999',
);
const versions = fc
  .tuple(
    fc.constantFrom('0', '1', '2', '10', '007'),
    fc.array(part, { maxLength: 4 }),
    fc.array(fc.oneof(part, fc.constantFrom('x-1', '-', '1-')), { maxLength: 2 }),
  )
  .map(
    ([first, rest, last]) => `${[first, ...rest].join('.')}${last.length === 0 ? '' : `-${last.join('.')}`}`,
  );

const COMPARE = `
STDIN.each_line do |line|
  one, other = line.chomp.split(' ')
  puts(Gem::Version.new(one) <=> Gem::Version.new(other))
end`;

test('any two versions are ordered as Ruby orders them', async () => {
  const pairs = fc.sample(fc.tuple(versions, versions), 5000);
  const asked = pairs.map((pair) => pair.join(' ')).join('\n');
  const { stdout } = await execa('ruby', ['-e', COMPARE], { input: asked });
  const told = stdout.split('\n').map(Number);
  expect(told).toHaveLength(pairs.length);
  for (const [index, [one, other]] of pairs.entries())
    expect([one, other, Math.sign(compareVersions(one, other))]).toEqual([one, other, told[index]]);
});
