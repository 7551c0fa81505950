/** What we read of Vagrant's files, held against what Vagrant itself says of a real guest. */
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readMachineIndex } from '../../reconciler/observed/machine-index.ts';
import {
  BOX_MARKER,
  boxFolder,
  readBoxes,
  readMachineRecords,
} from '../../reconciler/observed/vagrant-store.ts';
import { type Lab, type LabBox, openLab } from '../lab/lab.ts';

let lab: Lab;
let box: LabBox;
beforeAll(async () => {
  lab = await openLab();
  box = await lab.box({ label: 'store-1' });
  await lab.addBox(box, 'org/mini', '1.2.3');
  await lab.addBox(await lab.box({ label: 'store-2' }), 'mini', '0.9.0');
});
afterAll(() => lab.dispose());

test('the boxes are those that `vagrant box list` names', async () => {
  const listed = await lab.vagrant(['box', 'list']);
  const ours = readBoxes(lab.vagrantHome).map((each) => `${each.name} (${each.provider}, ${each.version})`);
  // Vagrant fills names up with blanks to equal length.
  const theirs = listed.stdout.split('\n').map((line) => line.replace(/ +/g, ' '));
  expect(ours.sort()).toEqual(theirs.sort());
  expect(ours).toHaveLength(2);
});

test('the digest of a box is known only where we left our mark on adding it', async () => {
  const ref = { name: 'org/mini', version: '1.2.3', provider: 'lxc' };
  const digest = () => readBoxes(lab.vagrantHome).find((each) => each.name === 'org/mini')?.sha256;
  expect(digest()).toBeNull();

  const folder = boxFolder(lab.vagrantHome, ref);
  expect(folder).toBe(join(lab.vagrantHome, 'boxes', 'org-VAGRANTSLASH-mini', '1.2.3', 'lxc'));
  const marker = join(folder ?? '', BOX_MARKER);
  await writeFile(marker, JSON.stringify({ sha256: box.sha256, addedAt: '2026-01-01T00:00:00.000Z' }));
  expect(digest()).toBe(box.sha256);
  await writeFile(marker, '{"sha256":"cut o');
  expect(digest()).toBeNull();
});

test('a store as Vagrant 2.4 lays it out, with a folder for the architecture, is read as well', async () => {
  const version = join(lab.vagrantHome, 'boxes', 'mini', '0.9.0');
  await mkdir(join(version, 'amd64'));
  await rename(join(version, 'lxc'), join(version, 'amd64', 'lxc'));
  expect(readBoxes(lab.vagrantHome)).toContainEqual({
    name: 'mini',
    version: '0.9.0',
    provider: 'lxc',
    sha256: null,
    bytes: null,
  });
  const found = boxFolder(lab.vagrantHome, { name: 'mini', version: '0.9.0', provider: 'lxc' });
  expect(found).toBe(join(version, 'amd64', 'lxc'));
  await rename(join(version, 'amd64', 'lxc'), join(version, 'lxc'));
});

test('a VAGRANT_HOME and a project that Vagrant never saw hold nothing', () => {
  expect(readBoxes(join(lab.folder, 'nothing'))).toEqual([]);
  expect(readMachineRecords(join(lab.folder, 'nothing'))).toEqual([]);
  expect(readMachineIndex(join(lab.folder, 'nothing'))).toEqual({ state: 'absent' });
});

test('a guest’s record tells its id, its box and its entry in the index, and empties when it is destroyed', async () => {
  const folder = await lab.project('guest', { box: 'org/mini', version: '1.2.3' });
  await writeFile(
    join(folder, 'Vagrantfile'),
    'Vagrant.configure("2") do |c|\n  c.vm.define "agent"\n  c.vm.box = "org/mini"\n  c.vm.box_version = "1.2.3"\n' +
      '  c.vm.synced_folder ".", "/vagrant", disabled: true\nend\n',
  );
  expect(readMachineRecords(folder)).toEqual([]);
  await lab.succeed(['up'], { cwd: folder });

  const [record] = readMachineRecords(folder);
  const [container] = await lab.containers();
  expect(record).toMatchObject({
    machine: 'agent',
    provider: 'lxc',
    id: container,
    box: { name: 'org/mini', version: '1.2.3', provider: 'lxc' },
  });
  expect(readMachineIndex(lab.vagrantHome)).toEqual({
    state: 'read',
    entries: [
      {
        uuid: record?.indexUuid,
        name: 'agent',
        provider: 'lxc',
        folder,
        dataFolder: join(folder, '.vagrant'),
        box: { name: 'org/mini', version: '1.2.3', provider: 'lxc' },
      },
    ],
  });

  await lab.succeed(['destroy', '-f'], { cwd: folder });
  expect(await readdir(join(folder, '.vagrant', 'machines', 'agent', 'lxc'))).toEqual([]);
  expect(readMachineRecords(folder)).toMatchObject([{ machine: 'agent', id: null, box: null }]);
  expect(readMachineIndex(lab.vagrantHome)).toEqual({ state: 'read', entries: [] });
});
