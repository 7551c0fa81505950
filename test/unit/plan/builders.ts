/** Small specs and observations to plan with; every part can be replaced. */
import type {
  BoxSpec,
  GuestFile,
  GuestSpec,
  HostSpec,
  RolloutSpec,
  WindowSpec,
} from '../../../reconciler/desired/spec.ts';
import type {
  BuiltFrom,
  HostObservation,
  Machine,
  ObservedBox,
  ObservedFile,
  ObservedGuest,
} from '../../../reconciler/observed/observation.ts';
import type { Plan } from '../../../reconciler/plan/plan.ts';

export const NOW = Date.parse('2026-01-14T12:00:00Z');
export const COMMIT = '9ab3e51c0000000000000000000000000000beef';
export const OLD_COMMIT = '4f2c1a900000000000000000000000000000cafe';

export const NIGHTLY: WindowSpec = {
  name: 'nightly',
  days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'],
  from: '20:00',
  to: '05:00',
  timezone: 'Europe/Zurich',
};

/** 64 hex digits that differ for different texts. */
export function digest(text: string): string {
  return Buffer.from(text.padEnd(32, '.')).toString('hex').slice(0, 64);
}

export function box(version: string, change: Partial<BoxSpec> = {}): BoxSpec {
  return {
    name: 'azure-ci-node',
    version,
    provider: 'lxc',
    sha256: digest(`box ${version}`),
    size: 13_000_000,
    sources: [`file:///images/${version}.box`],
    ...change,
  };
}

export function file(path: string, content: string, change: Partial<GuestFile> = {}): GuestFile {
  return {
    path,
    executable: false,
    oid: 'ab'.repeat(20),
    sha256: digest(content),
    size: content.length,
    ...change,
  };
}

/** The fingerprint follows from what a guest is built from, as in the real one. */
export function guest(change: Partial<GuestSpec> = {}): GuestSpec {
  const spec: GuestSpec = {
    name: 'azure-agent',
    box: box('2022.2.17'),
    provider: 'lxc',
    env: { GUEST_NAME: 'builder1' },
    secrets: ['VSTS_TOKEN'],
    files: [file('Vagrantfile', 'v1'), file('init.sh', 'v1', { executable: true })],
    agent: { system: 'none' },
    log: '/var/log/agent.log',
    probes: [],
    timeouts: { up: 1_800_000, drain: 21_600_000, probe: 60_000 },
    window: NIGHTLY,
    recycleEvery: null,
    fingerprint: '',
    ...change,
  };
  return { ...spec, fingerprint: change.fingerprint ?? fingerprintOf(spec) };
}

function fingerprintOf({ box: from, provider, env, secrets, files }: GuestSpec): string {
  const parts = [from.sha256, from.name, from.version, provider, env, secrets];
  return JSON.stringify([parts, files.map(({ path, sha256, executable }) => [path, sha256, executable])]);
}

/** Without waves; one guest at a time, and halted by one failure. */
export function rolloutOf(change: Partial<RolloutSpec> = {}): RolloutSpec {
  return {
    waves: [],
    maxUnavailable: { count: 1 },
    haltAfterFailures: 1,
    requireProbes: false,
    onHalt: 'stay',
    proposeRevert: false,
    fleetLock: null,
    ...change,
  };
}

export function host(guests: readonly GuestSpec[], change: Partial<HostSpec> = {}): HostSpec {
  return {
    host: 'builder1',
    place: 0.5,
    fleetSize: 1,
    window: NIGHTLY,
    reboot: null,
    labels: [],
    auditKey: 'ssh-ed25519 AAAA builder1',
    nextAuditKey: null,
    guests,
    rollout: null,
    holds: [],
    catalogue: ['azure-ci-node'],
    checkInEvery: 86_400_000,
    freshness: null,
    auditRepo: null,
    auditBranch: 'audit/builder1',
    pushesPerMinute: 60,
    requireSignedCommits: true,
    warnings: [],
    ...change,
  };
}

export function built(spec: GuestSpec, change: Partial<BuiltFrom> = {}): BuiltFrom {
  return { spec, commit: OLD_COMMIT, at: '2026-01-13T21:00:00.000Z', machineId: 'm1', ...change };
}

type Present = Machine & { state: 'present' };

export function present(from: BoxSpec | null, change: Partial<Present> = {}): Present {
  return {
    state: 'present',
    id: 'm1',
    provider: from?.provider ?? 'lxc',
    power: 'running',
    box: from && { name: from.name, version: from.version },
    ...change,
  };
}

export function observed(change: Partial<ObservedGuest> = {}): ObservedGuest {
  const name = change.name ?? 'azure-agent';
  return {
    name,
    folder: `/srv/boxreeve/guests/${name}`,
    machine: { state: 'absent' },
    builtFrom: null,
    unfinished: null,
    lastGood: null,
    failed: null,
    lineChanges: {},
    ...change,
  };
}

/** A guest that runs, built by us from this spec. */
export function running(spec: GuestSpec, change: Partial<ObservedGuest> = {}): ObservedGuest {
  return observed({
    name: spec.name,
    machine: present(spec.box),
    builtFrom: built(spec),
    lastGood: { spec, commit: OLD_COMMIT },
    ...change,
  });
}

export function observedBox(
  from: BoxSpec,
  usedBy: readonly string[] = [],
  sha256: string | null = from.sha256,
  bytes: number | null = null,
): ObservedBox {
  return { name: from.name, version: from.version, provider: from.provider, sha256, bytes, usedBy };
}

/** What lies in the folder of box files of a box: a whole file with its note, unless told otherwise. */
export function observedFile(from: BoxSpec, change: Partial<ObservedFile> = {}): ObservedFile {
  return {
    sha256: from.sha256,
    state: 'whole',
    bytes: from.size,
    box: { name: from.name, version: from.version, provider: from.provider },
    verifiedAt: '2026-01-13T20:00:00.000Z',
    byHandSince: null,
    ...change,
  };
}

export function observation(change: Partial<HostObservation> = {}): HostObservation {
  return {
    boxes: [],
    guests: [],
    strangers: [],
    fetched: (change.files ?? []).filter(({ state }) => state === 'whole').map(({ sha256 }) => sha256),
    files: [],
    strangeFiles: [],
    freeBytes: 1e12,
    unknown: [],
    boot: null,
    ...change,
  };
}

export function ids(plan: Plan): string[] {
  return plan.actions.map(({ id }) => id);
}
