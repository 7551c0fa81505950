/**
 * Builds a guest: `create-guest` and `rebuild-guest`.
 *
 *  1. Everything that can fail without touching the guest comes first: its secrets, and the contents of its files.
 *  2. Memory says that a build is under way, durably, before anything is ended or made.
 *  3. The old machine is ended, and the provider has said so.
 *  4. The files are written, and Vagrant makes and provisions the machine.
 *  5. It is proven: SSH answers, every probe is right, and nobody can get in by a way that is refused.
 *  6. Memory says that it is proven; copies of Vagrant's records are kept.
 *
 * Dying between 2 and 6 leaves a build under way in memory: what is there was never in service, and the next run builds it anew.
 */
import { iso, MINUTE } from '../clock.ts';
import type { GuestSpec } from '../desired/spec.ts';
import { type Exposure, type Finding, inWords, refusedBy } from '../exposure/exposure.ts';
import { guestSnapshots, snapshotMachineRecord } from '../observed/machine-record.ts';
import { type GuestMemory, guestIn } from '../observed/memory.ts';
import { indexSnapshot, snapshotMachineIndex } from '../observed/mend-machine-index.ts';
import { readMachineRecords } from '../observed/vagrant-store.ts';
import type { GuestTarget } from '../plan/plan.ts';
import { boxTitle } from '../plan/subject.ts';
import { endMachine } from './end-machine.ts';
import { failpoint } from './failpoint.ts';
import type { ProbeResult } from './outcome.ts';
import { probeGuest } from './probes.ts';
import { writeProjectFolder } from './project-folder.ts';
import { parseSshConfig } from './ssh-config.ts';
import { done, failed, failedCommand, type Step, type StepResult } from './step.ts';
import { newMachineName, type Project } from './vagrant.ts';
import { WRAPPER } from './vagrantfile.ts';

/** Limit on `vagrant ssh-config`, in milliseconds. */
export const SSH_CONFIG_LIMIT = 2 * MINUTE;
const EXPOSED = 'it works, but others can get into it, which guest.yaml or fleet.yaml refuses';

export async function buildGuest(step: Step, guest: string, target: GuestTarget): Promise<StepResult> {
  const { spec } = target;
  const project = await projectOf(step, guest, spec);
  const blobs = await readBlobs(step, spec);
  const machineName = newMachineName(guest);
  // the old name stays until its orphan, if there is one, is swept
  const earlier = guestIn(step.memory.read(), guest)?.building?.machineName;
  await beginBuild(step, guest, target, earlier ?? machineName);
  failpoint('build-begun');
  const left = await endMachine(step, guest, spec.provider, spec);
  if (left !== null) return left;
  // not before: while the old machine is there, it is in service, and a job may run in it
  await step.memory.updateGuest(guest, { built: null });
  failpoint('machine-ended');
  await beginBuild(step, guest, target, machineName);
  await writeProjectFolder(project.folder, spec, machineName, blobs);
  failpoint('files-written');
  const made = await step.vagrant.up(project, spec.provider, true, step.run(spec.timeouts.up));
  failpoint('machine-up');
  const built =
    made.problem === null ? await prove(step, guest, target, project) : failedCommand('vagrant up', made);
  return built.guestAtFault
    ? giveUp(step, guest, target, built)
    : { ...built, output: built.output || made.process.tail, exitStatus: made.process.exitStatus };
}

/** The guest's folder, and its environment with the values of its secrets. */
export async function projectOf(
  step: Pick<Step, 'dirs' | 'secret'>,
  guest: string,
  spec: GuestSpec,
): Promise<Project> {
  const secrets = await Promise.all(
    spec.secrets.map(async (name) => [name, await step.secret(name)] as const),
  );
  const env = { ...spec.env, ...Object.fromEntries(secrets) };
  return { folder: step.dirs.guest(guest), env, vagrantfile: WRAPPER };
}

async function readBlobs(step: Step, spec: GuestSpec): Promise<(oid: string) => Promise<Buffer>> {
  const contents = new Map<string, Buffer>();
  for (const { oid } of spec.files) contents.set(oid, await step.blob(oid));
  return async (oid) => contents.get(oid) ?? step.blob(oid);
}

async function beginBuild(
  { memory, clock }: Step,
  guest: string,
  { spec, commit }: GuestTarget,
  machineName: string,
): Promise<void> {
  const building: GuestMemory['building'] = {
    fingerprint: spec.fingerprint,
    commit,
    at: iso(clock.now()),
    machineName,
  };
  await memory.updateGuest(guest, { building });
}

/** Steps 5 and 6. */
async function prove(step: Step, guest: string, target: GuestTarget, project: Project): Promise<StepResult> {
  const { spec, commit } = target;
  const machine = onlyMachine(project.folder, spec);
  if ('wrong' in machine) return failed(machine.wrong, { guestAtFault: true });
  const config = await step.vagrant.sshConfig(project, step.run(SSH_CONFIG_LIMIT));
  const ssh = config.problem === null ? parseSshConfig(config.process.stdout) : null;
  if (ssh === null) return failedCommand('vagrant ssh-config', config);
  const probed = await probeGuest(guest, ssh, spec.probes, spec.timeouts.probe, step);
  if (step.signal.aborted)
    return { ...failed('it was cut while the guest was being probed'), result: 'interrupted' };
  if (probed.state === 'unreachable') return failed(probed.why, { guestAtFault: true });
  const wrong = probed.probes.filter(({ ok }) => !ok);
  if (wrong.length > 0) return failed(complaint(wrong), { guestAtFault: true, probes: probed.probes });
  const pinned = { ...ssh, hostKey: probed.hostKey };
  const exposure = await step.examine(guest, pinned);
  if (step.signal.aborted)
    return { ...failed('it was cut while the guest was being looked into'), result: 'interrupted' };
  const open = refusedNow(step, guest, target, exposure);
  if (open.length > 0)
    return failed(`${EXPOSED}: ${open.map(inWords).join('; ')}`, {
      guestAtFault: true,
      probes: probed.probes,
      exposure,
    });
  const at = iso(step.clock.now());
  // copies first: a machine that is proven must also be one that can be found again
  await snapshotMachineRecord(project.folder, guestSnapshots(step.dirs, guest));
  await snapshotMachineIndex(step.config.vagrantHome, indexSnapshot(step.dirs));
  failpoint('before-proven');
  await step.memory.updateGuest(guest, {
    built: { spec, commit, at, machineId: machine.id, ssh: pinned },
    good: { spec, commit, at },
    building: null,
    exposure,
    ...forgiven(step, guest, spec.fingerprint),
  });
  failpoint('proven');
  return { ...done, probes: probed.probes, exposure };
}

/**
 * What this build fails for. What last worked stays, whatever it lets in: to end it would leave the host without a guest, or go
 * from one build to the next for ever. It is unhealthy then, and the record says so.
 */
function refusedNow(
  { memory }: Step,
  guest: string,
  { spec }: GuestTarget,
  exposure: Exposure,
): readonly Finding[] {
  const lastWorked = memory.read().guests[guest]?.good?.spec.fingerprint;
  return lastWorked === spec.fingerprint ? [] : refusedBy(spec, exposure);
}

/** What `vagrant up` made: one machine, from the box of the catalogue, whatever the Vagrantfile says further down. */
function onlyMachine(
  folder: string,
  { box }: GuestSpec,
): { readonly id: string } | { readonly wrong: string } {
  const made = readMachineRecords(folder).flatMap((record) =>
    record.id === null ? [] : [{ id: record.id, from: record.box }],
  );
  const [machine, ...others] = made;
  if (machine === undefined) return { wrong: 'vagrant up succeeded, and there is no machine' };
  if (others.length > 0) return { wrong: `the Vagrantfile makes ${made.length} machines; a guest is one` };
  const { from } = machine;
  if (from !== null && (from.name !== box.name || from.version !== box.version))
    return {
      wrong: `the Vagrantfile builds from box ${boxTitle(from)}, where guest.yaml says ${boxTitle(box)}`,
    };
  return machine;
}

/** A fingerprint that works has not failed; that of a change this guest went back from has. */
function forgiven({ memory }: Step, guest: string, fingerprint: string): Partial<GuestMemory> {
  return guestIn(memory.read(), guest)?.failed?.fingerprint === fingerprint ? { failed: null } : {};
}

function complaint(wrong: readonly ProbeResult[]): string {
  return wrong.map(({ name, detail }) => `probe ${name} ${detail}`).join('; ');
}

/** Only a guest that works but for its exposure fails after it was looked into. */
function refusedIn(
  { spec }: GuestTarget,
  { exposure }: StepResult,
): Pick<NonNullable<GuestMemory['failed']>, 'refused'> {
  return exposure === undefined ? {} : { refused: refusedBy(spec, exposure).map(({ kind }) => kind) };
}

/** Remembers what failed, and ends the broken machine: it must not take jobs. */
async function giveUp(
  step: Step,
  guest: string,
  target: GuestTarget,
  built: StepResult,
): Promise<StepResult> {
  const error = built.error ?? 'it failed';
  const at = iso(step.clock.now());
  const { fingerprint } = target.spec;
  await step.memory.updateGuest(
    guest,
    // what last worked is put back once: if that does not work either, a person must look
    target.role === 'desired'
      ? { failed: { fingerprint, commit: target.commit, at, error, ...refusedIn(target, built) } }
      : { good: null, previous: null },
  );
  failpoint('failure-remembered');
  const left = await endMachine(step, guest, target.spec.provider, target.spec);
  if (left !== null)
    return { ...built, error: `${error}; and the broken guest could not be removed: ${left.error}` };
  await step.memory.updateGuest(guest, { building: null });
  return built;
}
