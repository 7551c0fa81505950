/** The catalogue is changed as a person would change it: one version more, the rest as it was. */
import { describe, expect, it } from 'vitest';
import { type CatalogueEntry, withEntry } from '../../../../reconciler/boxes/build/catalogue-entry.ts';
import { changeCatalogue } from '../../../../reconciler/boxes/build/change-catalogue.ts';
import { branchFor } from '../../../../reconciler/boxes/build/publish.ts';
import { BuildRefused } from '../../../../reconciler/boxes/build/workshop.ts';
import { memoryTree } from '../../desired/memory-tree.ts';

const ENTRY: CatalogueEntry = {
  ...{ version: '2022.10', provider: 'lxc', sha256: 'b2'.repeat(32), size: 7 },
  ...{ sources: ['peers:', 'https://example.org/x.box'], chunks: 'c3'.repeat(32) },
  ...{ inputs: 'd4'.repeat(32), recipe: 'common-box' },
};

const WRITTEN = `# What our nodes run.
kind: Box
name: azure-ci-node
versions:
  # the one that works; see ticket 7 before you take it out, since two of our hosts still need it when they are rebuilt
  - version: 2022.2.17 # of February
    provider: lxc
    sha256: ${'a1'.repeat(32)}
    size: 5
    sources: ["peers:", "sftp://builder@builder1/images/initialized-20220217.box"]
`;

const ADDED = `  - version: "2022.10"
    provider: lxc
    sha256: ${'b2'.repeat(32)}
    size: 7
    sources: ["peers:", "https://example.org/x.box"]
    chunks: ${'c3'.repeat(32)}
    inputs: ${'d4'.repeat(32)}
    recipe: common-box
`;

describe('a catalogue file', () => {
  it('gets a version at its end, and keeps every byte that people wrote', async () => {
    expect(await withEntry(WRITTEN, 'azure-ci-node', ENTRY, 'unused')).toBe(WRITTEN + ADDED);
  });

  it('keeps the way in which people wrote it, and what comes behind', async () => {
    const written = `versions:
  - { version: "1", provider: lxc, sha256: ${'a1'.repeat(32)}, size: 5, sources: [ "peers:" ] }    # the first
kind:   Box
name: azure-ci-node
`;
    const added = await withEntry(written, 'azure-ci-node', ENTRY, 'unused');
    expect(added).toBe(written.replace('kind:', `${ADDED}kind:`));
  });

  it('gets a version where it had none, or had them all on one line', async () => {
    for (const versions of [
      '[]',
      `[{ version: "1", provider: lxc, sha256: ${'a1'.repeat(32)}, size: 5, sources: ["peers:"] }]`,
    ]) {
      const added = await withEntry(
        `kind: Box\nname: n\nversions: ${versions}\n`,
        'n',
        ENTRY,
        'unused',
      ).catch(String);
      expect(added).toContain('2022.10');
    }
  });

  it('is made anew for a new box, with its schema named for editors', async () => {
    const text = await withEntry(null, 'azure-ci-node', ENTRY, '../schema/box.json');
    expect(text).toMatch(
      /^# yaml-language-server: \$schema=\.\.\/schema\/box\.json\nkind: Box\nname: azure-ci-node\nversions:\n {2}- version: "2022\.10"\n {4}provider: lxc\n/,
    );
  });

  it('is not made of what a catalogue may not have, and that is said of what was asked', async () => {
    const refuse = (name: string, change: Partial<CatalogueEntry>) =>
      expect(withEntry(null, name, { ...ENTRY, ...change }, 'x')).rejects;
    await refuse('../x', {}).toThrow(/^name "\.\.\/x" is not the name of a box/);
    await refuse('x', { version: 'v1' }).toThrow(/^version "v1" is not a version/);
    await refuse('x', { provider: '-x' }).toThrow(BuildRefused);
    await refuse('x', { sources: ['https://u:p@h/x'] }).toThrow(/is not a source/);
  });
});

describe('the change of the catalogue', () => {
  const provenance = { text: '{}\n', signature: 'signed\n' };

  it('has the provenance and its signature beside the box', async () => {
    const tree = memoryTree({ 'ci/boxes/azure-ci-node.yaml': WRITTEN });
    const files = await changeCatalogue(tree, 'ci', 'azure-ci-node', ENTRY, provenance);
    expect(Object.fromEntries([...files].map(([path, content]) => [path, content.toString()]))).toEqual({
      'ci/boxes/azure-ci-node.yaml': WRITTEN + ADDED,
      'ci/boxes/azure-ci-node.provenance/2022.10-lxc.json': '{}\n',
      'ci/boxes/azure-ci-node.provenance/2022.10-lxc.json.sig': 'signed\n',
    });
  });

  it('names the schema from where the new file lies', async () => {
    for (const [root, path, schema] of [
      ['ci', 'ci/boxes/acme/node.yaml', '../../schema/box.json'],
      ['', 'boxes/acme/node.yaml', '../../schema/box.json'],
    ] as const) {
      const files = await changeCatalogue(memoryTree({}), root, 'acme/node', ENTRY, null);
      expect([...files.keys()]).toEqual([path]);
      expect(files.get(path)?.toString()).toContain(`$schema=${schema}\n`);
    }
  });

  it('has a branch that lies below no other', () => {
    expect(branchFor('acme/node', '1.0')).toBe('boxreeve/box-acme-node-1.0');
  });
});
