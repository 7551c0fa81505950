/** Copies of Vagrant's records that are not what we wrote. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keptMachines } from '../../../reconciler/observed/machine-record.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'boxreeve-kept-'));
  mkdirSync(folder, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function keptWith(file: object, machine = 'default') {
  const files = [{ name: 'id', mode: 0o600, content: 'bTE=', ...file }];
  const machines = [{ machine, provider: 'lxc', id: 'm1', box: null, files }];
  writeFileSync(join(folder, 'machine-record.json'), JSON.stringify({ version: 1, machines }));
  return keptMachines(folder);
}

test('a copy is used if it could have been written by us', () => {
  expect(keptWith({})).toHaveLength(1);
});

test.each([
  { mode: 1e99 },
  { mode: 0o4755 },
  { mode: -1 },
  { name: 'x\0y' },
  { name: 'x'.repeat(300) },
  { name: '..' },
])('a copy with a file %j in it is not put back', (file) => {
  expect(keptWith(file)).toEqual([]);
});
