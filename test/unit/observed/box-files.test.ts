import { mkdir, mkdtemp, open, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readBoxFiles } from '../../../reconciler/observed/box-files.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boxreeve-files-'));
});
afterEach(() => rm(folder, { recursive: true }));

const put = (name: string, content: string | Buffer = 'x') => writeFile(join(folder, name), content);
const note = (change: object = {}) =>
  JSON.stringify({
    name: 'org/mini',
    version: '1',
    provider: 'lxc',
    size: 4,
    sha256: A,
    chunks: null,
    verifiedAt: '2026-01-14T12:00:00.000Z',
    from: 'https://boxes.example/1.box',
    ...change,
  });

describe('the folder of box files', () => {
  it('is empty where it is not there', () => {
    expect(readBoxFiles(join(folder, 'none'))).toEqual({ files: [], strange: [] });
  });

  it('has a whole file, and tells by its note whose it is and when it was found right', async () => {
    await put(`${A}.box`, Buffer.alloc(100_000));
    await put(`${A}.json`, note());
    await put(`${A}.chunks`);
    const [file] = readBoxFiles(folder).files;
    expect(file).toEqual({
      sha256: A,
      state: 'whole',
      bytes: expect.any(Number),
      box: { name: 'org/mini', version: '1', provider: 'lxc' },
      verifiedAt: '2026-01-14T12:00:00.000Z',
      byHandSince: null,
    });
    expect(file?.bytes).toBeGreaterThanOrEqual(100_000);
  });

  it('has a cut download for what it takes of the disk, holes left out', async () => {
    const handle = await open(join(folder, `${A}.box.partial`), 'w');
    await handle.truncate(1024 ** 3);
    await handle.write(Buffer.alloc(4096, 1), 0, 4096, 0);
    await handle.close();
    await put(`${A}.box.have`);
    const [file] = readBoxFiles(folder).files;
    expect(file).toMatchObject({ sha256: A, state: 'cut', box: null, verifiedAt: null });
    expect(file?.bytes).toBeLessThan(1024 ** 2);
  });

  it('has what lies beside a file without it', async () => {
    await put(`${A}.chunks`);
    await put(`${B}.json`, note());
    await put(`${B}.box.partial.from`);
    expect(readBoxFiles(folder).files).toMatchObject([
      { sha256: A, state: 'rest' },
      { sha256: B, state: 'rest', box: { name: 'org/mini' } },
    ]);
  });

  it.each(['build', 'import', 'fetch'])('knows a file that a person asked for by %s', async (from) => {
    await put(`${A}.box`);
    await put(`${A}.json`, note({ from }));
    await put(`${B}.json`, note({ from, verifiedAt: null }));
    await utimes(join(folder, `${B}.json`), 0, Date.parse('2026-01-02T00:00:00Z') / 1000);
    expect(readBoxFiles(folder).files).toMatchObject([
      { byHandSince: '2026-01-14T12:00:00.000Z' },
      { byHandSince: '2026-01-02T00:00:00.000Z' },
    ]);
  });

  it.each(['', '{', '[]', 'null', note({ name: 7 }), note({ version: undefined })])(
    'knows nobody of a file whose note is %j',
    async (text) => {
      await put(`${A}.box`);
      await put(`${A}.json`, text);
      expect(readBoxFiles(folder).files).toMatchObject([{ sha256: A, state: 'whole', box: null }]);
    },
  );

  it('names what is not ours, and neither catalogues of Vagrant nor what is under way', async () => {
    for (const name of [
      'initialized.box',
      'org-VAGRANTSLASH-mini.json',
      '.building',
      `${'A'.repeat(64)}.box`,
    ])
      await put(name);
    await mkdir(join(folder, `${B}.box`));
    await put(`${A}.box.1234`);
    expect(readBoxFiles(folder)).toEqual({
      files: [],
      strange: [`${'A'.repeat(64)}.box`, 'initialized.box'],
    });
  });
});
