/**
 * Vagrant's machine index (`$VAGRANT_HOME/data/machine-index/index`): the one list of all machines of this VAGRANT_HOME,
 * whoever made them. It says what was last known, so it is good for finding machines, not for their state. Vagrant
 * writes it in place: a crash or a full disk leaves it cut off (VAGRANT.md trap 8).
 */
import { join } from 'node:path';
import { oneLine } from '../one-line.ts';
import { isObject, stringOr, textOf } from './vagrant-files.ts';

export type IndexEntry = {
  readonly uuid: string;
  /** Machine name in the Vagrantfile. */
  readonly name: string;
  readonly provider: string;
  /** Project folder. */
  readonly folder: string;
  /** Its `.vagrant`. */
  readonly dataFolder: string;
  readonly box: { readonly name: string; readonly version: string; readonly provider: string } | null;
};

export type MachineIndex =
  /** No machine was ever made with this VAGRANT_HOME. */
  | { readonly state: 'absent' }
  | { readonly state: 'read'; readonly entries: readonly IndexEntry[] }
  /** `why` is the end of a sentence: what the file is instead. */
  | { readonly state: 'damaged'; readonly why: string }
  /** Whole, but of a form that is not known here: a newer Vagrant's, perhaps. Nobody's to mend. */
  | { readonly state: 'foreign'; readonly why: string };

/** Entries by UUID, as JSON with all that is in them: what an entry holds is Vagrant's own matter. */
export type RawEntries = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
export type ParsedIndex =
  | { readonly state: 'read'; readonly entries: RawEntries }
  | Extract<MachineIndex, { state: 'damaged' | 'foreign' }>;

export function machineIndexFile(vagrantHome: string): string {
  return join(vagrantHome, 'data', 'machine-index', 'index');
}

/** Never throws for what is in the file. Throws VagrantFilesUnreadable where it cannot be read at all. */
export function readMachineIndex(vagrantHome: string): MachineIndex {
  const text = textOf(machineIndexFile(vagrantHome));
  if (text === undefined) return { state: 'absent' };
  const parsed = parseIndex(text);
  if (parsed.state !== 'read') return parsed;
  return {
    state: 'read',
    entries: Object.entries(parsed.entries).map(([uuid, entry]) => readEntry(uuid, entry)),
  };
}

/**
 * Pure. An empty file is damage as well: Vagrant takes it for an index without machines, says nothing, and writes it so.
 */
export function parseIndex(text: string): ParsedIndex {
  if (text.trim() === '') return { state: 'damaged', why: 'empty' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { state: 'damaged', why: 'cut off, or no JSON' };
  }
  if (!isObject(value)) return { state: 'damaged', why: 'JSON, but no object' };
  // Vagrant takes the version for a number, however it is written.
  const { version } = value;
  if (typeof version !== 'number' && typeof version !== 'string')
    return { state: 'foreign', why: 'without a version' };
  if (Number(version) !== 1)
    return { state: 'foreign', why: `of version ${oneLine(String(version))}, not 1` };
  const machines = value.machines ?? {};
  if (!isObject(machines)) return { state: 'damaged', why: 'without a list of machines' };
  const entries: [string, Readonly<Record<string, unknown>>][] = [];
  for (const [uuid, entry] of Object.entries(machines)) {
    if (!isObject(entry)) return { state: 'damaged', why: `without sense in its entry ${oneLine(uuid)}` };
    entries.push([uuid, entry]);
  }
  // not by assignment, to which `__proto__` is more than a name
  return { state: 'read', entries: Object.fromEntries(entries) };
}

function readEntry(uuid: string, entry: Readonly<Record<string, unknown>>): IndexEntry {
  const provider = stringOr(entry.provider, '');
  const extra = entry.extra_data;
  const box = isObject(extra) ? extra.box : undefined;
  return {
    uuid,
    name: stringOr(entry.name, ''),
    provider,
    folder: stringOr(entry.vagrantfile_path, ''),
    dataFolder: stringOr(entry.local_data_path, ''),
    box: isObject(box)
      ? {
          name: stringOr(box.name, ''),
          version: stringOr(box.version, ''),
          provider: stringOr(box.provider, provider),
        }
      : null,
  };
}
