/**
 * Copies of Vagrant's record of a guest's machine (`.vagrant/machines`), kept outside its reach. One false "not created"
 * from the provider and Vagrant wipes its record, leaving the machine running with no one to know it (VAGRANT.md trap 2).
 */
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BoxreeveError, ExitCode } from '../errors.ts';
import type { StateDir } from '../state-dir.ts';
import { replaceFile, syncFolder } from './durable-file.ts';
import { isObject, objectIn } from './vagrant-files.ts';
import { type MachineRecord, readMachineRecords } from './vagrant-store.ts';

/** A machine's record cannot be copied or put back: there is none, or a living one is in the way. */
class MachineRecordError extends BoxreeveError {
  readonly exitCode = ExitCode.failed;
}

/** A machine whose record was kept. */
export type KeptMachine = Pick<MachineRecord, 'machine' | 'provider' | 'box'> & { readonly id: string };

type KeptFile = { readonly name: string; readonly mode: number; readonly content: string };
type KeptRecord = KeptMachine & { readonly files: readonly KeptFile[] };

/** Vagrant's own files are a few hundred bytes; what is larger is the provider's (VMware keeps whole machines here). */
const LARGEST_FILE = 1024 * 1024;

/** Folder for the copy of one guest's record. */
export function guestSnapshots(dirs: Pick<StateDir, 'snapshots'>, guest: string): string {
  return join(dirs.snapshots, 'guests', guest);
}

/**
 * Keeps a copy of the record of the machine in a project folder, in place of the one before. Durable when it resolves.
 * Throws MachineRecordError if Vagrant knows of no machine there: an older copy is worth more than an empty one.
 */
export async function snapshotMachineRecord(projectFolder: string, snapshotFolder: string): Promise<void> {
  const records = readMachineRecords(projectFolder);
  const kept: KeptRecord[] = [];
  for (const { folder, machine, provider, id, box } of records) {
    if (id !== null) kept.push({ machine, provider, id, box, files: await filesOf(folder) });
  }
  if (kept.length === 0) {
    throw new MachineRecordError(
      `Vagrant has no record of a machine in ${projectFolder}: nothing to keep a copy of`,
    );
  }
  await replaceFile(snapshotFile(snapshotFolder), JSON.stringify({ version: 1, machines: kept }), 0o600);
}

/** The machines whose records were kept, as of the last snapshot; none if there is no copy that can be read. */
export function keptMachines(snapshotFolder: string): readonly KeptMachine[] {
  return readKept(snapshotFolder);
}

/**
 * Puts the record of a machine back where Vagrant lost it. The provider must have been seen to have the machine. Safe to
 * repeat; after a crash the record is there whole, or not at all. Throws MachineRecordError if no copy of this machine's
 * record was kept, or if Vagrant has a record of another one in that place.
 */
export async function restoreMachineRecord(
  projectFolder: string,
  snapshotFolder: string,
  machineId: string,
): Promise<void> {
  const kept = readKept(snapshotFolder).find((record) => record.id === machineId);
  if (kept === undefined) {
    throw new MachineRecordError(`no copy of Vagrant's record of the machine ${machineId} was kept`);
  }
  const living = readMachineRecords(projectFolder).find((record) => record.id !== null);
  if (living?.id === machineId) return;
  if (living !== undefined) {
    throw new MachineRecordError(
      `Vagrant has a record of another machine, ${living.id}, in ${living.folder}`,
    );
  }
  await putBack(join(projectFolder, '.vagrant', 'machines', kept.machine), kept);
}

/** Lays the files beside their place, then swaps folders; names with a dot are no machines to anyone. */
async function putBack(machineFolder: string, kept: KeptRecord): Promise<void> {
  await mkdir(machineFolder, { recursive: true });
  const fresh = await mkdtemp(join(machineFolder, '.restored-'));
  for (const file of kept.files) {
    await writeFile(join(fresh, file.name), Buffer.from(file.content, 'base64'), {
      mode: file.mode,
      flush: true,
    });
  }
  await chmod(fresh, 0o755);
  await syncFolder(fresh);
  const place = join(machineFolder, kept.provider);
  const emptied = `${fresh}-emptied`;
  await rename(place, emptied).catch(ignoreMissing);
  await rename(fresh, place);
  await syncFolder(machineFolder);
  await rm(emptied, { recursive: true, force: true });
}

async function filesOf(folder: string): Promise<KeptFile[]> {
  const files: KeptFile[] = [];
  for (const name of (await readdir(folder)).sort()) {
    const path = join(folder, name);
    const found = await lstat(path);
    if (!found.isFile() || found.size > LARGEST_FILE) continue;
    files.push({ name, mode: found.mode & 0o777, content: (await readFile(path)).toString('base64') });
  }
  return files;
}

function snapshotFile(snapshotFolder: string): string {
  return join(snapshotFolder, 'machine-record.json');
}

function readKept(snapshotFolder: string): readonly KeptRecord[] {
  const machines = objectIn(snapshotFile(snapshotFolder))?.machines;
  return Array.isArray(machines) ? machines.filter(isKeptRecord) : [];
}

function isKeptRecord(value: unknown): value is KeptRecord {
  return (
    isObject(value) &&
    [value.machine, value.provider].every(isFileName) &&
    typeof value.id === 'string' &&
    (value.box === null || isBox(value.box)) &&
    Array.isArray(value.files) &&
    value.files.every(isKeptFile)
  );
}

function isBox(value: unknown): value is NonNullable<KeptMachine['box']> {
  return (
    isObject(value) && [value.name, value.version, value.provider].every((part) => typeof part === 'string')
  );
}

/** Permissions of a file, without set-user-id and the like. */
const MOST_MODE = 0o777;
const LONGEST_NAME = 255;

function isKeptFile(value: unknown): value is KeptFile {
  return (
    isObject(value) &&
    isFileName(value.name) &&
    typeof value.mode === 'number' &&
    Number.isInteger(value.mode) &&
    value.mode >= 0 &&
    value.mode <= MOST_MODE &&
    typeof value.content === 'string'
  );
}

/** A name that cannot lead out of its folder. */
function isFileName(value: unknown): boolean {
  if (typeof value !== 'string' || ['', '.', '..'].includes(value)) return false;
  return !/[/\0]/.test(value) && Buffer.byteLength(value) <= LONGEST_NAME && value.isWellFormed();
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
}
