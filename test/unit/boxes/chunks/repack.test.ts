import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { repackBox } from '../../../../reconciler/boxes/chunks/repack.ts';
import { BoxDamaged } from '../../../../reconciler/boxes/chunks/tar-of-box.ts';
import { pseudoRandom } from './pseudo-random.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'boxreeve-inner-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A box as one for LXC is: small files, and the guest's own in `rootfs.tar.gz`. */
async function boxOf(name: string, files: Readonly<Record<string, Uint8Array | string>>): Promise<string> {
  const rootfs = join(root, name, 'rootfs');
  const box = join(root, name, 'box');
  for (const folder of [rootfs, box]) mkdirSync(folder, { recursive: true });
  for (const [file, content] of Object.entries(files)) {
    writeFileSync(join(rootfs, file), content);
    utimesSync(join(rootfs, file), 0, 0);
  }
  await execa('tar', ['-czf', join(box, 'rootfs.tar.gz'), '-C', join(root, name), '--mtime=@0', 'rootfs']);
  writeFileSync(join(box, 'metadata.json'), '{"provider":"lxc"}\n');
  const file = join(root, `${name}.box`);
  await execa('tar', ['-czf', file, '-C', box, '--sort=name', '--mtime=@0', '.']);
  return file;
}

/** Packs it, and takes it apart again with the machine's own tar. */
async function repack(box: string): Promise<{ file: string; list: Buffer; unpacked: string }> {
  const work = mkdtempSync(join(root, 'work-'));
  const file = join(work, 'packed.box');
  const { list } = await repackBox(box, file);
  const unpacked = join(work, 'unpacked');
  mkdirSync(unpacked);
  await execa('tar', ['-xzf', file, '-C', unpacked]);
  await execa('tar', ['-xzf', join(unpacked, 'rootfs.tar.gz'), '-C', unpacked]);
  return { file, list, unpacked };
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const chunksOf = (list: Buffer) =>
  Array.from({ length: (list.length - 18) / 36 }, (_, i) =>
    list.subarray(18 + i * 36, 54 + i * 36).toString('hex'),
  );

describe('a box with an archive in it', () => {
  it('has the same files in it when it is packed anew, and the same bytes each time', async () => {
    const big = pseudoRandom(600_000, 3);
    const box = await boxOf('one', { big, small: 'text\n' });
    const { file, unpacked } = await repack(box);
    expect(sha256(readFileSync(join(unpacked, 'rootfs/big')))).toBe(sha256(big));
    expect(readFileSync(join(unpacked, 'rootfs/small'), 'utf8')).toBe('text\n');
    expect(readFileSync(join(unpacked, 'metadata.json'), 'utf8')).toBe('{"provider":"lxc"}\n');
    expect(sha256(readFileSync(file))).toBe(sha256(readFileSync((await repack(box)).file)));
  });

  it('keeps most of its chunks when a small file before the others changes', async () => {
    const big = pseudoRandom(4_000_000, 4);
    const one = await repack(await boxOf('one', { a: 'first\n', big }));
    const other = await repack(await boxOf('other', { a: 'something else\n', big }));
    const had = new Set(chunksOf(one.list));
    const chunks = chunksOf(other.list);
    const fresh = chunks.filter((chunk) => !had.has(chunk));
    expect(chunks.length).toBeGreaterThan(30);
    expect(fresh.length).toBeLessThan(chunks.length / 5);
  });

  it('keeps a member as it is that is only called an archive', async () => {
    const folder = join(root, 'fake');
    mkdirSync(folder);
    writeFileSync(join(folder, 'notes.tar.gz'), 'no archive at all\n');
    const box = join(root, 'fake.box');
    await execa('tar', ['-cf', box, '-C', folder, '.']);
    const out = join(root, 'out.box');
    await repackBox(box, out);
    const { stdout } = await execa('tar', ['-xzOf', out, './notes.tar.gz']);
    expect(stdout).toBe('no archive at all');
  });

  it('is refused when it ends in the middle of a member', async () => {
    const folder = join(root, 'cut');
    mkdirSync(folder);
    writeFileSync(join(folder, 'disk'), pseudoRandom(100_000, 5));
    const box = join(root, 'cut.box');
    await execa('tar', ['-cf', box, '-C', folder, 'disk']);
    writeFileSync(box, readFileSync(box).subarray(0, 50_000));
    const packed = repackBox(box, join(root, 'out.box'));
    await expect(packed).rejects.toThrow(BoxDamaged);
  });
});
