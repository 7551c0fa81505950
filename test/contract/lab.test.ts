import { access, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Lab, openLab } from '../lab/lab.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(async () => {
  await lab.dispose();
});

test('a box of the lab boots as a real guest, runs its init script, and tells which box it is from', async () => {
  const box = await lab.box({ label: 'lab-first' });
  await lab.addBox(box, 'org/mini', '1.2.3');
  const folder = await lab.project('guest', {
    box: 'org/mini',
    version: '1.2.3',
    init: '#!/bin/sh\nset -e\nid -u\ncat /etc/boxreeve-box >/etc/from-init\n',
  });
  const up = await lab.vagrant(['up'], { cwd: folder });
  expect(up.stderr).toBe('');
  expect(up.exitCode).toBe(0);
  const shown = await lab.vagrant(['ssh', '-c', 'cat /etc/from-init'], { cwd: folder });
  expect(shown.stdout.trim()).toBe('lab-first');
  expect(await lab.containers()).toHaveLength(1);
});

test('boxes differ by content, and equal content gives the same box', async () => {
  const first = await lab.box({ label: 'lab-first' });
  const again = await lab.box({ label: 'lab-first' });
  const other = await lab.box({ label: 'lab-first', files: { '/etc/more': 'more\n' } });
  expect(again).toEqual(first);
  expect(other.sha256).not.toBe(first.sha256);
  expect((await readFile(first.file)).length).toBe(first.size);
});

test('a lab that is disposed of leaves no container and no folder, and leaves other labs alone', async () => {
  const second = await openLab();
  const box = await second.box({ label: 'lab-first' });
  await second.addBox(box, 'mini', '1.0.0');
  const folder = await second.project('guest', { box: 'mini' });
  await second.succeed(['up'], { cwd: folder });
  expect(await second.containers()).toHaveLength(1);
  const before = await lab.containers();
  await second.dispose();
  expect(await second.containers()).toEqual([]);
  await expect(access(second.folder)).rejects.toThrow();
  expect(await lab.containers()).toEqual(before);
});
