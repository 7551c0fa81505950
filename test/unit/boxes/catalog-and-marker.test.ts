import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeCatalog } from '../../../reconciler/boxes/catalog.ts';
import { writeMarker } from '../../../reconciler/boxes/markers.ts';
import type { BoxSpec } from '../../../reconciler/desired/spec.ts';
import { readBoxes } from '../../../reconciler/observed/vagrant-store.ts';

const BOX: BoxSpec = {
  name: 'org/node',
  version: '2024.1.0',
  provider: 'lxc',
  sha256: 'ab'.repeat(32),
  size: 1,
  sources: ['peers:'],
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boxreeve-catalog-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the catalogue file', () => {
  test('gives Vagrant the name, the version, the file and its digest', async () => {
    const file = join(folder, 'a box#1.box');
    const path = await writeCatalog(folder, BOX, file);
    expect(path).toBe(join(folder, 'org-VAGRANTSLASH-node.json'));
    const catalogue: unknown = JSON.parse(await readFile(path, 'utf8'));
    expect(catalogue).toEqual({
      name: 'org/node',
      versions: [
        {
          version: '2024.1.0',
          providers: [
            { name: 'lxc', url: expect.any(String), checksum_type: 'sha256', checksum: 'ab'.repeat(32) },
          ],
        },
      ],
    });
    const url = /"url": "([^"]+)"/.exec(await readFile(path, 'utf8'))?.[1] ?? '';
    expect(fileURLToPath(url)).toBe(file);
  });

  test('replaces the one of the version before, and leaves nothing else', async () => {
    await writeCatalog(folder, { ...BOX, version: '2023.1.0' }, join(folder, 'old.box'));
    const path = await writeCatalog(folder, BOX, join(folder, 'new.box'));
    expect(await readFile(path, 'utf8')).not.toContain('2023');
    expect(await readdir(folder)).toEqual(['org-VAGRANTSLASH-node.json']);
  });
});

describe('the mark of a box', () => {
  async function storeBox(...place: string[]): Promise<string> {
    const path = join(folder, 'boxes', 'org-VAGRANTSLASH-node', '2024.1.0', ...place);
    await mkdir(path, { recursive: true });
    await writeFile(join(path, 'metadata.json'), '{"provider":"lxc"}');
    return path;
  }

  test.each([
    ['as Vagrant 2.3 stores it', ['lxc']],
    ['as Vagrant 2.4 stores it, with an architecture', ['amd64', 'lxc']],
  ])('tells which file it was added from, %s', async (_how, place) => {
    const path = await storeBox(...place);
    expect(readBoxes(folder)).toMatchObject([{ version: '2024.1.0', sha256: null }]);
    await writeMarker(folder, BOX, '2026-11-23T23:00:00.000Z');
    expect(readBoxes(folder)).toEqual([
      {
        name: 'org/node',
        version: '2024.1.0',
        provider: 'lxc',
        sha256: BOX.sha256,
        bytes: expect.any(Number),
      },
    ]);
    expect(JSON.parse(await readFile(join(path, 'boxreeve.json'), 'utf8'))).toEqual({
      sha256: BOX.sha256,
      addedAt: '2026-11-23T23:00:00.000Z',
      bytes: expect.any(Number),
    });
    expect(readBoxes(folder)[0]?.bytes, 'a file of 18 bytes takes a block at least').toBeGreaterThan(0);
    expect((await readdir(path)).sort()).toEqual(['boxreeve.json', 'metadata.json']);
  });

  test('is refused where Vagrant has no such box', async () => {
    await storeBox('virtualbox');
    await expect(writeMarker(folder, BOX, '2026-11-23T23:00:00.000Z')).rejects.toThrow('is not in its store');
  });
});
