/** Trap 8 of VAGRANT.md: the machine index is written in place, and cut off it stops Vagrant for every machine. */
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../reconciler/clock.ts';
import { machineIndexFile, readMachineIndex } from '../../reconciler/observed/machine-index.ts';
import {
  indexSnapshot,
  mendMachineIndex,
  snapshotMachineIndex,
} from '../../reconciler/observed/mend-machine-index.ts';
import { type Lab, openLab } from '../lab/lab.ts';
import { guestSpec, type ObservedHost, observedHost } from '../lab/observing.ts';

let lab: Lab;
let host: ObservedHost;
let ours: string;
let theirs: string;
let index: string;
beforeAll(async () => {
  lab = await openLab();
  host = observedHost(lab);
  index = machineIndexFile(lab.vagrantHome);
  await lab.addBox(await lab.box({ label: 'store-1' }), 'mini', '1.0.0');
  ours = await host.project('agent', { box: 'mini' });
  theirs = await lab.project('by-hand', { box: 'mini' });
  await lab.succeed(['up'], { cwd: ours });
  await lab.succeed(['up'], { cwd: theirs });
});
afterAll(() => lab.dispose());

const mend = (folders: readonly string[]) =>
  mendMachineIndex(lab.vagrantHome, indexSnapshot(host.dirs), folders, systemClock);
const foldersInIndex = () => {
  const read = readMachineIndex(lab.vagrantHome);
  return read.state === 'read' ? read.entries.map((entry) => entry.folder).sort() : read;
};

test('an index that was cut off stops every command; mended, all machines are there again (trap 8)', async () => {
  await snapshotMachineIndex(lab.vagrantHome, indexSnapshot(host.dirs));
  await truncate(index, Math.floor((await readFile(index)).length / 3));

  for (const folder of [ours, theirs]) {
    const failed = await lab.vagrant(['status', '--machine-readable'], { cwd: folder });
    expect(failed.exitCode).toBe(1);
    // Found before Vagrant has read its options: a person's words on stderr, and no `error-exit` line for machines.
    expect(failed.stdout).toBe('');
    expect(failed.stderr).toContain(index);
  }
  const seen = await host.observe({}, [guestSpec('agent', '1.0.0')]);
  expect(seen.unknown).toEqual([{ guest: null, why: expect.stringContaining('cut off') }]);

  expect(await mend([ours])).toMatchObject({ state: 'mended', machines: 2 });
  for (const folder of [ours, theirs]) {
    const status = await lab.succeed(['status', '--machine-readable'], { cwd: folder });
    expect(status).toContain('state,running');
  }
  expect(await lab.succeed(['global-status', '--prune'])).toContain(theirs);
  expect((await host.observe({}, [guestSpec('agent', '1.0.0')])).unknown).toEqual([]);
});

test('an index that was emptied hides every machine from Vagrant; mended, none is lost', async () => {
  await snapshotMachineIndex(lab.vagrantHome, indexSnapshot(host.dirs));
  await writeFile(index, '');
  // What makes it worse than one that was cut off: Vagrant says nothing.
  expect(await lab.succeed(['global-status'])).toContain('no active Vagrant environments');
  await mend([ours]);
  expect(foldersInIndex()).toEqual([theirs, ours].sort());
  expect(await lab.succeed(['global-status'])).toContain(theirs);
});

test('without a copy, Vagrant works again and our own guests are known', async () => {
  await writeFile(index, '{"version":1,');
  expect(await mendMachineIndex(lab.vagrantHome, `${lab.folder}/no-copy`, [ours], systemClock)).toMatchObject(
    {
      state: 'mended',
      machines: 1,
    },
  );
  expect(await lab.succeed(['status', '--machine-readable'], { cwd: ours })).toContain('state,running');
  expect(foldersInIndex()).toEqual([ours]);
  // A machine that fell out of the index is no less a machine: Vagrant finds it again from its own folder.
  expect(await lab.succeed(['status', '--machine-readable'], { cwd: theirs })).toContain('state,running');
});
