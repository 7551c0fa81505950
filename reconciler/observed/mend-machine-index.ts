/**
 * Keeps a copy of Vagrant's machine index and puts a damaged one right: until then every command of Vagrant fails on
 * this host, for all machines (VAGRANT.md trap 8). Vagrant guards the index by a lock that Node cannot take; one
 * reconciler at a time mends, and only what stays damaged when looked at twice.
 */
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Clock, iso } from '../clock.ts';
import type { StateDir } from '../state-dir.ts';
import { replaceFile, syncFolder } from './durable-file.ts';
import { machineIndexFile, type ParsedIndex, parseIndex, type RawEntries } from './machine-index.ts';
import { salvageEntries } from './salvage-entries.ts';
import { textOf } from './vagrant-files.ts';
import { type MachineRecord, readMachineRecords } from './vagrant-store.ts';

export type Mended =
  /** It can be read, or there is none. */
  | { readonly state: 'sound' }
  /** Of a form that is not known here; left as it is. */
  | { readonly state: 'foreign'; readonly why: string }
  /** It was damaged. `movedTo`: what it was; `machines`: how many the new one has; `note`: a sentence for the record. */
  | { readonly state: 'mended'; readonly movedTo: string; readonly machines: number; readonly note: string };

/** Another Vagrant writes the index in place within this time: damage that goes away was none. Milliseconds. */
const WRITING_TAKES = 300;

/** The copy of the index. */
export function indexSnapshot(dirs: Pick<StateDir, 'snapshots'>): string {
  return join(dirs.snapshots, 'machine-index.json');
}

/** Keeps a copy of the index, if it is sound and has changed. Durable when it resolves. */
export async function snapshotMachineIndex(vagrantHome: string, snapshot: string): Promise<void> {
  const text = textOf(machineIndexFile(vagrantHome));
  if (text === undefined || parseIndex(text).state !== 'read' || text === textOf(snapshot)) return;
  await replaceFile(snapshot, text, 0o600);
}

/**
 * If the index is damaged: moves it aside as `index.corrupt-<time>` and writes one that has every machine of the copy,
 * every entry that can still be read in the damaged file, and the machines in `projectFolders`. Call it with the host's
 * lock held, before Vagrant is. Safe to repeat and to be cut off anywhere.
 */
export async function mendMachineIndex(
  vagrantHome: string,
  snapshot: string,
  projectFolders: readonly string[],
  clock: Pick<Clock, 'now'>,
): Promise<Mended> {
  const file = machineIndexFile(vagrantHome);
  const seen = await settledText(file);
  if (seen === undefined) return { state: 'sound' };
  const found = parseIndex(seen);
  if (found.state === 'foreign') return { state: 'foreign', why: found.why };
  if (found.state === 'read') return { state: 'sound' };

  const entries = collect(seen, textOf(snapshot), projectFolders);
  const movedTo = `${file}.corrupt-${iso(clock.now()).replaceAll(/[:.]/g, '-')}`;
  // Copied, not renamed: with no index at all Vagrant would begin an empty one.
  await copyFile(file, movedTo);
  await syncFolder(join(file, '..'));
  await replaceFile(file, JSON.stringify({ version: 1, machines: entries }), 0o644);
  const machines = Object.keys(entries).length;
  const note =
    `Vagrant's machine index was ${found.why}: it was kept as ${movedTo}, ` +
    `and written anew with ${machines} ${machines === 1 ? 'machine' : 'machines'}`;
  return { state: 'mended', movedTo, machines, note };
}

/** The newest knowledge last, so that it counts: the copy, what the damaged text still shows, what stands on disk. */
function collect(
  damaged: string,
  snapshot: string | undefined,
  projectFolders: readonly string[],
): RawEntries {
  const copied = parseIndex(snapshot ?? '');
  const known = { ...entriesOf(copied), ...salvageEntries(damaged) };
  const onDisk = projectFolders.flatMap((folder) =>
    readMachineRecords(folder).flatMap((record) => newEntry(folder, record)),
  );
  return { ...Object.fromEntries(onDisk), ...known };
}

function entriesOf(parsed: ParsedIndex): RawEntries {
  return parsed.state === 'read' ? parsed.entries : {};
}

/** An entry as Vagrant writes it, for a machine that has the key to one. */
function newEntry(folder: string, record: MachineRecord): [string, Record<string, unknown>][] {
  if (record.id === null || record.indexUuid === null) return [];
  const entry = {
    local_data_path: join(folder, '.vagrant'),
    name: record.machine,
    provider: record.provider,
    state: 'unknown',
    vagrantfile_name: null,
    vagrantfile_path: folder,
    updated_at: null,
    extra_data: record.box === null ? {} : { box: record.box },
  };
  return [[record.indexUuid, entry]];
}

/** The text of a file once it is sound, or was the same damage twice. */
async function settledText(file: string): Promise<string | undefined> {
  let text = textOf(file);
  while (text !== undefined && parseIndex(text).state === 'damaged') {
    await wait(WRITING_TAKES);
    const again = textOf(file);
    if (again === text) return text;
    text = again;
  }
  return text;
}
