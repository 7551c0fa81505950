import { describe, expect, it } from 'vitest';
import { cataloguedBox } from '../../../reconciler/desired/catalogued-box.ts';
import { goodFleet, memoryTree } from './memory-tree.ts';

const entry = (version: string, provider: string) =>
  `  - { version: ${JSON.stringify(version)}, provider: ${provider}, sha256: ${'AB'.repeat(32)}, size: 9, sources: ["file:///x"] }\n`;
const NODE = `kind: Box\nname: acme/node\nversions:\n${entry('1.0', 'lxc')}${entry('1.0', 'virtualbox')}${entry('2.0', 'lxc')}`;

function find(name: string, version: string, provider: string | null = null, text = NODE) {
  const tree = memoryTree(goodFleet({ 'desired-state/boxes/acme/node.yaml': text }));
  return cataloguedBox(tree, 'desired-state', { name, version, provider });
}

describe('a box that a person names', () => {
  it('is found by its version where that stands for one provider', async () => {
    expect(await find('acme/node', '2.0')).toEqual({
      ...{ name: 'acme/node', version: '2.0', provider: 'lxc', size: 9, sources: ['file:///x'] },
      sha256: 'ab'.repeat(32),
    });
    expect(await find('acme/node', '1.0', 'virtualbox')).toMatchObject({ provider: 'virtualbox' });
  });

  it.each([
    ['acme/nod', '1.0', null, 'the catalogue has no box acme/nod'],
    ['../hosts/builder1', '1.0', null, 'the catalogue has no box ../hosts/builder1'],
    ['acme/node', '3.0', null, 'boxes/acme/node.yaml has no version 3.0 (has 1.0, 2.0)'],
    ['acme/node', '1.0', null, 'has version 1.0 for lxc, virtualbox: say which with --provider'],
    ['acme/node', '2.0', 'libvirt', 'has version 2.0 for lxc, not for libvirt'],
  ])('%s %s (%s) is refused, and it is said what there is', async (name, version, provider, why) => {
    await expect(find(name, version, provider)).rejects.toThrow(why);
  });

  it('is refused with its place where its file has mistakes', async () => {
    const wrong = `${NODE}    siez: 3\n`;
    await expect(find('acme/node', '2.0', null, wrong)).rejects.toThrow(/boxes\/acme\/node\.yaml:\d+/);
  });
});
