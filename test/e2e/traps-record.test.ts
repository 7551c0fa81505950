/** Traps of Vagrant's own records (VAGRANT.md 1, 2 and 4), provoked on real guests. */
import { existsSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import {
  guestSnapshots,
  restoreMachineRecord,
  snapshotMachineRecord,
} from '../../reconciler/observed/machine-record.ts';
import { readMachineRecords } from '../../reconciler/observed/vagrant-store.ts';
import { type Lab, openLab } from '../lab/lab.ts';
import {
  boxOf,
  builtMemory,
  destroyBelowVagrant,
  guestOf,
  guestSpec,
  type ObservedHost,
  observedHost,
  onlyContainer,
} from '../lab/observing.ts';
import { pathWithStub } from '../lab/stub.ts';

let lab: Lab;
let host: ObservedHost;
beforeAll(async () => {
  lab = await openLab();
  host = observedHost(lab);
  await lab.addBox(await lab.box({ label: 'store-1' }), 'mini', '1.0.0');
  await lab.addBox(await lab.box({ label: 'store-2' }), 'mini', '1.1.0');
});
afterEach(async () => {
  for (const container of await lab.containers()) await destroyBelowVagrant(container);
});
afterAll(() => lab.dispose());

const recordOf = (folder: string) => join(folder, '.vagrant', 'machines', 'default', 'lxc');

test('a guest whose init failed is not taken for provisioned, though Vagrant takes it so (trap 1)', async () => {
  const folder = await host.project('failing', {
    box: 'mini',
    version: '1.0.0',
    init: '#!/bin/sh\necho not today\nexit 7\n',
  });
  const up = await lab.vagrant(['up'], { cwd: folder });
  expect(up.exitCode).not.toBe(0);
  // What makes it a trap: Vagrant holds it for provisioned, and is content when asked again.
  expect(existsSync(join(recordOf(folder), 'action_provision'))).toBe(true);
  expect(await lab.succeed(['up'], { cwd: folder })).not.toContain('not today');

  const spec = guestSpec('failing', '1.0.0');
  const building = {
    fingerprint: 'f1',
    commit: 'c0ffee',
    at: '2026-01-01T00:00:00.000Z',
    machineName: 'none-such',
  };
  const guest = guestOf(await host.observe({ failing: { building } }, [spec]), 'failing');
  expect(guest.machine).toMatchObject({ state: 'present', power: 'running' });
  expect(guest.builtFrom).toBeNull();
  expect(guest.unfinished).toMatchObject({ fingerprint: 'f1', commit: 'c0ffee' });
});

test('a record that Vagrant wiped is noticed, and put back with the guest running on untouched (trap 2)', async () => {
  const folder = await host.project('wiped', { box: 'mini', version: '1.0.0' });
  await lab.succeed(['up'], { cwd: folder });
  const id = await onlyContainer(lab);
  const snapshots = guestSnapshots(host.dirs, 'wiped');
  await snapshotMachineRecord(folder, snapshots);
  const before = readdirSync(recordOf(folder));
  const spec = guestSpec('wiped', '1.0.0');
  const memory = { wiped: { built: builtMemory(spec, id) } };

  // vagrant-lxc asks `lxc-ls` whether the container exists: once it hears nothing.
  const deaf = pathWithStub(lab.folder, lab.env.PATH ?? '', 'sudo', 'case "$*" in *lxc-ls*) exit 0 ;; esac');
  const status = await lab.succeed(['status', '--machine-readable'], { cwd: folder, env: { PATH: deaf } });
  expect(status).toContain('state,not_created');
  expect(readdirSync(recordOf(folder))).toEqual([]);

  const seen = await host.observe(memory, [spec]);
  const lost = guestOf(seen, 'wiped');
  expect(lost.machine).toEqual({ state: 'forgotten', id, provider: 'lxc', power: 'running' });
  expect(lost.builtFrom).toMatchObject({ machineId: id });
  expect(seen.unknown).toEqual([]);
  // The box of a guest that Vagrant forgot is in use all the same.
  expect(boxOf(seen, '1.0.0').usedBy).toEqual(['wiped']);

  await restoreMachineRecord(folder, snapshots, id);
  await restoreMachineRecord(folder, snapshots, id);
  expect(readdirSync(recordOf(folder))).toEqual(before);
  expect(readdirSync(join(recordOf(folder), '..'))).toEqual(['lxc']);
  expect(await lab.succeed(['status', '--machine-readable'], { cwd: folder })).toContain('state,running');
  expect(readMachineRecords(folder)).toMatchObject([{ id }]);
  expect(guestOf(await host.observe(memory, [spec]), 'wiped').machine).toMatchObject({
    state: 'present',
    id,
  });
  expect(await lab.containers()).toEqual([id]);
  await lab.succeed(['destroy', '-f'], { cwd: folder });
});

test('a record is not put back over that of another machine, nor without a copy', async () => {
  const folder = await host.project('other', { box: 'mini', version: '1.0.0' });
  await lab.succeed(['up'], { cwd: folder });
  const first = await onlyContainer(lab);
  const snapshots = guestSnapshots(host.dirs, 'other');
  await expect(restoreMachineRecord(folder, snapshots, first)).rejects.toThrow(/no copy .* was kept/);
  await snapshotMachineRecord(folder, snapshots);
  await lab.succeed(['destroy', '-f'], { cwd: folder });
  await expect(snapshotMachineRecord(folder, snapshots)).rejects.toThrow(/no record of a machine/);
  await lab.succeed(['up'], { cwd: folder });
  const second = await onlyContainer(lab);
  await expect(restoreMachineRecord(folder, snapshots, first)).rejects.toThrow(/record of another machine/);
  expect(readMachineRecords(folder)).toMatchObject([{ id: second }]);
});

test('a higher box version in the Vagrantfile leaves the living guest on the old box, and is seen to (trap 4)', async () => {
  const files = { box: 'mini', init: '#!/bin/sh\ntrue\n' };
  const folder = await host.project('pinned', { ...files, version: '1.0.0' });
  await lab.succeed(['up'], { cwd: folder });
  await host.project('pinned', { ...files, version: '1.1.0' });
  await lab.succeed(['up'], { cwd: folder });
  await lab.succeed(['provision'], { cwd: folder });
  expect(await lab.succeed(['ssh', '-c', 'cat /etc/boxreeve-box'], { cwd: folder })).toContain('store-1');

  const id = await onlyContainer(lab);
  const built = builtMemory(guestSpec('pinned', '1.0.0', 'f1'), id);
  const seen = await host.observe({ pinned: { built } }, [guestSpec('pinned', '1.1.0', 'f2')]);
  const guest = guestOf(seen, 'pinned');
  expect(guest.machine).toMatchObject({ state: 'present', box: { name: 'mini', version: '1.0.0' } });
  expect(guest.builtFrom?.spec.box.version).toBe('1.0.0');
  expect(guest.lineChanges).toEqual({ 'pinned since c0ffee': 1 });
  expect(boxOf(seen, '1.0.0').usedBy).toEqual(['pinned']);
  expect(boxOf(seen, '1.1.0').usedBy).toEqual([]);
});

test('a file too large to be Vagrant’s is left out of the copy: some providers keep whole machines there', async () => {
  const folder = await host.project('large', { box: 'mini', version: '1.0.0' });
  await lab.succeed(['up'], { cwd: folder });
  await writeFile(join(recordOf(folder), 'disk.vmdk'), Buffer.alloc(2 * 1024 * 1024));
  const snapshots = guestSnapshots(host.dirs, 'large');
  await snapshotMachineRecord(folder, snapshots);
  expect(readdirSync(snapshots)).toEqual(['machine-record.json']);
  const id = await onlyContainer(lab);
  for (const name of readdirSync(recordOf(folder))) await writeFile(join(recordOf(folder), name), '');
  await restoreMachineRecord(folder, snapshots, id);
  expect(readdirSync(recordOf(folder))).not.toContain('disk.vmdk');
  expect(readMachineRecords(folder)).toMatchObject([{ id }]);
});
