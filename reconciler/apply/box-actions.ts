/** `fetch-box`, `add-box`, `remove-box`. */
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeCatalog } from '../boxes/catalog.ts';
import { writeMarker } from '../boxes/markers.ts';
import { writeNote } from '../boxes/note.ts';
import { iso, MINUTE } from '../clock.ts';
import type { BoxSpec } from '../desired/spec.ts';
import { ASKED_AHEAD, BOX_FILE_ENDINGS } from '../observed/box-files.ts';
import { readMachineIndex } from '../observed/machine-index.ts';
import { boxFolder, readBoxes, readMachineRecords } from '../observed/vagrant-store.ts';
import type { Action, BoxRef } from '../plan/plan.ts';
import { boxTitle } from '../plan/subject.ts';
import { removeLeftovers } from './box-leftovers.ts';
import { failpoint } from './failpoint.ts';
import { done, failed, failedCommand, type Step, type StepResult } from './step.ts';

/** Limits in milliseconds: Vagrant copies and unpacks tens of gigabytes. */
const ADD_LIMIT = 120 * MINUTE;
const REMOVE_LIMIT = 15 * MINUTE;

/** What a person asked for ahead of time is noted as such before and after: until then a plan has no use for it. */
export async function fetchBox(
  step: Step,
  { box, ahead }: Action & { readonly kind: 'fetch-box' },
): Promise<StepResult> {
  const file = step.dirs.boxFile(box.sha256);
  if (ahead) await writeNote(file, box, null, [ASKED_AHEAD]);
  const { text } = await step.fetch(box, step.signal);
  if (ahead) await writeNote(file, box, iso(step.clock.now()), [ASKED_AHEAD]);
  return { ...done, output: text };
}

/**
 * Adds a fetched box, marks it with its digest, and lets the file go unless it is kept. Never replaces one that is there (trap 3).
 */
export async function addBox(step: Step, box: BoxSpec, keepsFile: boolean): Promise<StepResult> {
  const there = readBoxes(step.config.vagrantHome).find((other) => sameBox(other, box));
  const file = step.dirs.boxFile(box.sha256);
  if (there !== undefined && there.sha256 !== box.sha256) {
    return failed(
      `Vagrant has another ${boxTitle(box)} already (${there.sha256 ?? 'of unknown digest'}); versions do not change`,
    );
  }
  if (there === undefined) {
    const catalogue = await writeCatalog(step.dirs.boxes, box, file);
    const added = await step.vagrant.addBox(catalogue, box, step.run(ADD_LIMIT));
    if (added.problem !== null) return { ...failedCommand('vagrant box add', added), guestAtFault: false };
    failpoint('box-added');
    // without its mark a box is of unknown digest, and is removed and added again
    await writeMarker(step.config.vagrantHome, box, iso(step.clock.now()));
  }
  failpoint('box-marked');
  if (!keepsFile) await removeFiles(step, box.sha256);
  return done;
}

/** Removes a box that nothing is built from, or what lies in the folder of box files alone. */
export async function removeBox(
  step: Step,
  action: Action & { readonly kind: 'remove-box' },
): Promise<StepResult> {
  const removed = action.from === 'vagrant' ? await removeStored(step, action.box) : done;
  if (removed.result === 'done' && action.file !== null) await removeFiles(step, action.file);
  return removed;
}

/** Whoever reads one of them reads it to its end. */
async function removeFiles({ dirs }: Step, sha256: string): Promise<void> {
  for (const ending of BOX_FILE_ENDINGS) await rm(join(dirs.boxes, sha256 + ending), { force: true });
}

/** Asked here once more whether a machine stands on it, since Vagrant itself does not ask. */
async function removeStored(step: Step, box: BoxRef): Promise<StepResult> {
  const users = await usersOf(step, box);
  if (users.length > 0) return failed(`${boxTitle(box)} is in use by ${users.join(', ')}`);
  const removed = await step.vagrant.removeBox(box, step.run(REMOVE_LIMIT));
  const folder = boxFolder(step.config.vagrantHome, box);
  if (folder !== undefined && existsSync(folder)) {
    return removed.problem === null
      ? failed(`${folder} is still there`)
      : { ...failedCommand('vagrant box remove', removed), guestAtFault: false };
  }
  const told = [removed.process.tail, await removeLeftovers(box)].filter((text) => text !== '');
  return { ...done, output: told.join('\n'), exitStatus: removed.process.exitStatus };
}

/** Every machine of this host that was built from it, by Vagrant's index and by its records in our guests' folders. */
async function usersOf({ config, dirs }: Step, box: BoxRef): Promise<string[]> {
  const index = readMachineIndex(config.vagrantHome);
  if (index.state !== 'read' && index.state !== 'absent')
    return ['nobody can tell whom: the machine index cannot be read'];
  const users = new Set<string>();
  for (const guest of await readdir(dirs.guests).catch(() => [])) {
    const folder = join(dirs.guests, guest);
    if (
      readMachineRecords(folder).some(
        (record) => record.id !== null && record.box !== null && sameBox(record.box, box),
      )
    )
      users.add(folder);
  }
  if (index.state === 'read') {
    for (const entry of index.entries) {
      const records = readMachineRecords(entry.folder);
      if (records.some((record) => record.id !== null && record.box !== null && sameBox(record.box, box)))
        users.add(entry.folder);
    }
  }
  return [...users];
}

function sameBox(one: BoxRef, other: BoxRef): boolean {
  return one.name === other.name && one.version === other.version && one.provider === other.provider;
}
