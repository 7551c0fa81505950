/**
 * What this host has: Vagrant's files, the provider's word where those can be wrong, and our own memory. Asked at every
 * poll, so it runs no Ruby, and at most the provider's own tool; changes nothing.
 */
import { existsSync, realpathSync, statfsSync } from 'node:fs';
import { dirname, sep } from 'node:path';
import type { GuestSpec, HostSpec } from '../desired/spec.ts';
import type { HostConfig } from '../host-config.ts';
import type { StateDir } from '../state-dir.ts';
import { observedBoot, readBootId } from './boot.ts';
import { readBoxFiles } from './box-files.ts';
import { asStranger, type BoxUse, livingEntries, usesByStrangers, withUse } from './boxes-in-use.ts';
import { builtFromOf, type Clues, decideMachine, type GuestMachine, gatherClues } from './guest-machine.ts';
import { type IndexEntry, machineIndexFile, readMachineIndex } from './machine-index.ts';
import { guestSnapshots, type KeptMachine, keptMachines } from './machine-record.ts';
import { type GuestMemory, guestIn, type Memory } from './memory.ts';
import type { HostObservation, ObservedGuest } from './observation.ts';
import { lxcPath } from './providers/lxc.ts';
import { askProviders, type Sighting } from './providers.ts';
import { foldersIn, VagrantFilesUnreadable } from './vagrant-files.ts';
import { readBoxes, readMachineRecords } from './vagrant-store.ts';

export type ObserveDeps = {
  readonly config: Pick<HostConfig, 'vagrantHome'>;
  readonly dirs: StateDir;
  readonly memory: Memory;
  /** Lines changed per file of a guest between a commit and the desired one. Asked only where the two differ. */
  lineChanges(guest: string, from: string): Promise<Readonly<Record<string, number>>>;
  /** The providers of this host, unless others are named. */
  readonly ask?: typeof askProviders;
};

/**
 * Observes the guests that `spec` declares and those of ours that nobody declares any more. Throws VagrantFilesUnreadable
 * if the box store or the machine index cannot be read; what concerns one guest alone goes to `unknown`.
 */
export async function observe(deps: ObserveDeps, spec: HostSpec): Promise<HostObservation> {
  const index = readMachineIndex(deps.config.vagrantHome);
  const entries = index.state === 'read' ? livingEntries(index.entries) : [];
  const strangers = entries.filter((entry) => !liesIn(deps.dirs.guests, entry.folder));

  const looked = guestNames(deps, spec).map((name) => lookAt(deps, spec, name));
  const sighting = await (deps.ask ?? askProviders)(
    looked.flatMap(({ clues }) => [...clues.recorded, ...clues.remembered]),
  );
  const found = looked.map((guest) => ({ ...guest, ...decide(guest, sighting) }));
  const { files, strange } = readBoxFiles(deps.dirs.boxes);

  return {
    boxes: withUse(readBoxes(deps.config.vagrantHome), [
      ...found.flatMap(usesOf),
      ...usesByStrangers(strangers),
    ]),
    guests: await Promise.all(found.map((guest) => describe(deps, guest))),
    strangers: strangers.map(asStranger),
    fetched: files.filter(({ state }) => state === 'whole').map(({ sha256 }) => sha256),
    files,
    strangeFiles: strange,
    freeBytes: Math.min(freeBytesAt(deps.dirs.root), freeBytesAt(deps.config.vagrantHome)),
    boot: observedBoot(await readBootId(), deps.memory, Date.now()),
    unknown: [
      ...doubtsAboutIndex(deps.config.vagrantHome, index),
      ...found.flatMap(({ name, unknown }) => (unknown === null ? [] : [{ guest: name, why: unknown }])),
    ],
  };
}

/** A guest before its provider was asked. */
type Looked = {
  readonly name: string;
  readonly folder: string;
  readonly declared: GuestSpec | undefined;
  readonly memory: GuestMemory | undefined;
  readonly clues: Clues;
  readonly kept: readonly KeptMachine[];
  /** Vagrant's files of this guest cannot be read: why. */
  readonly unreadable: string | null;
};
type Found = Looked & GuestMachine;

function guestNames({ dirs, memory }: ObserveDeps, spec: HostSpec): readonly string[] {
  const declared = spec.guests.map((guest) => guest.name);
  const remembered = Object.entries(memory.guests).filter(([, guest]) => isRemembered(guest));
  const names = [...declared, ...remembered.map(([name]) => name), ...foldersIn(dirs.guests)];
  return [...new Set(names)];
}

function isRemembered({ built, building, good, failed, drained }: GuestMemory): boolean {
  return [built, building, good, failed, drained].some((part) => part !== null);
}

function lookAt({ dirs, memory }: ObserveDeps, spec: HostSpec, name: string): Looked {
  const folder = dirs.guest(name);
  const about = {
    name,
    folder,
    declared: spec.guests.find((guest) => guest.name === name),
    memory: guestIn(memory, name),
  };
  try {
    const records = readMachineRecords(folder);
    // The copy matters only where Vagrant's record and our memory do not agree anyway.
    const agreed = about.memory?.built && records.some(({ id }) => id === about.memory?.built?.machineId);
    const kept = agreed ? [] : keptMachines(guestSnapshots(dirs, name));
    return {
      ...about,
      kept,
      clues: gatherClues(records, about.memory, kept, providersOf(about)),
      unreadable: null,
    };
  } catch (error) {
    if (!(error instanceof VagrantFilesUnreadable)) throw error;
    return { ...about, kept: [], clues: { recorded: [], remembered: [] }, unreadable: error.message };
  }
}

/** Where machines of this guest may be; where nothing is known of it, lxc if this host has it. */
function providersOf({ declared, memory }: Pick<Looked, 'declared' | 'memory'>): ReadonlySet<string> {
  const known = [declared?.provider, memory?.built?.spec.provider, memory?.good?.spec.provider];
  const providers = known.filter((provider) => provider !== undefined);
  if (providers.length > 0) return new Set(providers);
  return new Set(existsSync(lxcPath()) ? ['lxc'] : []);
}

function decide({ clues, unreadable }: Looked, sighting: Sighting): GuestMachine {
  if (unreadable !== null) return { machine: { state: 'absent' }, unknown: unreadable };
  return decideMachine(clues, sighting.of);
}

async function describe({ lineChanges }: ObserveDeps, guest: Found): Promise<ObservedGuest> {
  const { name, folder, machine, memory, declared } = guest;
  const builtFrom = builtFromOf(machine, memory);
  const changed =
    builtFrom !== null && declared !== undefined && builtFrom.spec.fingerprint !== declared.fingerprint;
  const building = memory?.building;
  return {
    name,
    folder,
    machine,
    builtFrom,
    unfinished: building
      ? { fingerprint: building.fingerprint, commit: building.commit, at: building.at }
      : null,
    lastGood: memory?.good ? { spec: memory.good.spec, commit: memory.good.commit } : null,
    failed: memory?.failed ?? null,
    // Only words in a reason: a commit that Git no longer has must not stop a reconcile.
    lineChanges: changed ? await lineChanges(name, builtFrom.commit).catch(() => ({})) : {},
  };
}

/** Boxes that a guest's machine was built from, as far as anyone knows. */
function usesOf({ name, machine, clues, kept, memory }: Found): readonly BoxUse[] {
  if (machine.state === 'absent' || machine.state === 'vanished') return [];
  const records = [...clues.recorded, ...kept].filter((record) => record.id === machine.id);
  const built = memory?.built?.machineId === machine.id ? [memory.built.spec.box] : [];
  return [...records.map((record) => record.box), ...built].flatMap((box) =>
    box === null ? [] : [{ box, by: name }],
  );
}

function doubtsAboutIndex(
  vagrantHome: string,
  index: ReturnType<typeof readMachineIndex>,
): HostObservation['unknown'] {
  if (index.state !== 'damaged' && index.state !== 'foreign') return [];
  const file = machineIndexFile(vagrantHome);
  return [
    { guest: null, why: `Vagrant's machine index, ${file}, is ${index.why}: boxes may be in use unseen` },
  ];
}

/** Whether Boxreeve made the project folder; Vagrant may have noted it by another name of the same place. */
function liesIn(guests: string, folder: IndexEntry['folder']): boolean {
  return [guests, realPathOf(guests)].some((root) =>
    [folder, realPathOf(folder)].some((path) => isBelow(root, path)),
  );
}

function isBelow(root: string, path: string): boolean {
  return path.startsWith(root + sep);
}

function realPathOf(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}

/** Bytes that this process may still write on the disk of a folder, or of the place where it will be made. */
function freeBytesAt(folder: string): number {
  if (!existsSync(folder)) return freeBytesAt(dirname(folder));
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
