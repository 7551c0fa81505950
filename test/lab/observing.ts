/** A host of the lab as `observe` sees it: project folders below a state folder, and memory as apply would leave it. */
import { execa } from 'execa';
import type { GuestSpec, HostSpec } from '../../reconciler/desired/spec.ts';
import {
  emptyMemory,
  type GuestMemory,
  type Memory,
  newGuestMemory,
} from '../../reconciler/observed/memory.ts';
import type { HostObservation, ObservedGuest } from '../../reconciler/observed/observation.ts';
import { observe } from '../../reconciler/observed/observe.ts';
import { type StateDir, stateDirLayout } from '../../reconciler/state-dir.ts';
import type { Lab, ProjectFiles } from './lab.ts';

export type ObservedHost = {
  readonly dirs: StateDir;
  /** A guest's project folder, where Boxreeve keeps it. */
  project(guest: string, files: ProjectFiles): Promise<string>;
  /** Everything, with what is remembered of guests and those that are declared. */
  observe(
    memory?: Record<string, Partial<GuestMemory>>,
    declared?: readonly GuestSpec[],
  ): Promise<HostObservation>;
};

export function observedHost(lab: Lab): ObservedHost {
  const dirs = stateDirLayout(`${lab.folder}/state`);
  return {
    dirs,
    project: (guest, files) => lab.project(`state/guests/${guest}`, files),
    observe: (memory = {}, declared = []) =>
      observe(
        {
          config: { vagrantHome: lab.vagrantHome },
          dirs,
          memory: memoryOf(memory),
          lineChanges: async (guest, from) => ({ [`${guest} since ${from}`]: 1 }),
        },
        hostSpec(declared),
      ),
  };
}

export function guestOf(observation: HostObservation, name: string): ObservedGuest {
  const guest = observation.guests.find((each) => each.name === name);
  if (guest === undefined) throw new Error(`${name} was not observed`);
  return guest;
}

export function boxOf(observation: HostObservation, version: string): HostObservation['boxes'][number] {
  const box = observation.boxes.find((each) => each.version === version);
  if (box === undefined) throw new Error(`no box ${version} was observed`);
  return box;
}

/** The one container of a lab. */
export async function onlyContainer(lab: Lab): Promise<string> {
  const [name, ...others] = await lab.containers();
  if (name === undefined || others.length > 0)
    throw new Error(`not one container, but: ${[name, ...others]}`);
  return name;
}

/** Takes a container away below Vagrant. */
export async function destroyBelowVagrant(name: string): Promise<void> {
  await execa('lxc-destroy', ['-f', '-n', name]);
}

/** A guest on the lab's box `mini`. */
export function guestSpec(name: string, version: string, fingerprint = 'f1'): GuestSpec {
  return {
    name,
    box: { name: 'mini', version, provider: 'lxc', sha256: 'ab'.repeat(32), size: 1, sources: [] },
    provider: 'lxc',
    env: {},
    secrets: [],
    files: [],
    agent: { system: 'none' },
    log: '/run.log',
    probes: [],
    timeouts: { up: 60_000, drain: 60_000, probe: 60_000 },
    window: null,
    recycleEvery: null,
    fingerprint,
  };
}

/** What apply remembers of a guest that came up healthy. */
export function builtMemory(spec: GuestSpec, machineId: string): NonNullable<GuestMemory['built']> {
  const ssh = { host: '10.213.0.2', port: 22, user: 'vagrant', identityFiles: [], hostKey: null };
  return { spec, commit: 'c0ffee', at: '2026-01-01T00:00:00.000Z', machineId, ssh };
}

function memoryOf(guests: Record<string, Partial<GuestMemory>>): Memory {
  const whole = Object.entries(guests).map(
    ([name, guest]) => [name, { ...newGuestMemory, ...guest }] as const,
  );
  return { ...emptyMemory('builder1'), guests: Object.fromEntries(whole) };
}

function hostSpec(guests: readonly GuestSpec[]): HostSpec {
  return {
    host: 'builder1',
    labels: [],
    auditKey: 'ssh-ed25519 AAAA builder1',
    nextAuditKey: null,
    guests,
    rollout: null,
    holds: [],
    catalogue: ['mini'],
    checkInEvery: 86_400_000,
    freshness: null,
    auditRepo: null,
    auditBranch: 'audit/builder1',
    pushesPerMinute: 60,
    place: 0,
    fleetSize: 1,
    window: null,
    reboot: null,
    requireSignedCommits: false,
    warnings: [],
  };
}
