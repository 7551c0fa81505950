/**
 * Ends the machine of a guest, whatever state it is in, and does not believe it before the provider says so (VAGRANT.md trap 10).
 *
 * Ours are: the machine that Vagrant has a record of in the guest's folder; the one that memory knows, though Vagrant forgot it;
 * and one that carries the unique name of a build of ours that was cut. No other is touched.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { MINUTE } from '../clock.ts';
import type { GuestSpec } from '../desired/spec.ts';
import { guestSnapshots, keptMachines, restoreMachineRecord } from '../observed/machine-record.ts';
import { guestIn } from '../observed/memory.ts';
import { type MachineRecord, readMachineRecords } from '../observed/vagrant-store.ts';
import { runProcess } from './run-process.ts';
import { failed, failedCommand, type Step, type StepResult } from './step.ts';
import type { VagrantResult } from './vagrant.ts';
import { vagrantEnvironment } from './vagrant-environment.ts';
import { ENDING, endingVagrantfile, WRAPPER } from './vagrantfile.ts';

/** Limit on a destroy, in milliseconds: a machine that is shut down first takes its time. */
const DESTROY_LIMIT = 10 * MINUTE;

/**
 * Returns null when no machine of this guest is left; else what kept it.
 *
 * @param spec what the guest is or was to be, as far as that is known: its Vagrantfile may ask for the variables in it
 */
export async function endMachine(
  step: Step,
  guest: string,
  provider: string,
  spec: GuestSpec | null,
): Promise<StepResult | null> {
  const folder = step.dirs.guest(guest);
  await recallForgotten(step, guest, folder);
  const recorded = readMachineRecords(folder).flatMap((record) =>
    record.id === null ? [] : [{ ...record, id: record.id }],
  );
  if (recorded.length > 0) {
    const destroyed = await destroy(step, folder, await environmentOf(step, guest, spec), recorded);
    if (destroyed.problem !== null)
      return { ...failedCommand('vagrant destroy', destroyed), guestAtFault: false };
  }
  for (const machine of recorded) {
    const answer = await step.askMachine(machine);
    if (answer.state !== 'gone')
      return failed(
        `${machine.provider} still has the machine ${machine.id} after vagrant destroy: ${sentence(answer)}`,
      );
  }
  return endOrphan(step, guest, provider);
}

/** What it takes to end a machine, whoever made it. */
export type Ender = Pick<Step, 'vagrant' | 'askMachine' | 'config' | 'run'> & {
  readonly log: Pick<Step['log'], 'info' | 'warn'>;
};

/** By the folder's own Vagrantfile, which may name what Vagrant must know; if that is of no use, by one of ours. */
export async function destroy(
  step: Ender,
  folder: string,
  env: Readonly<Record<string, string>>,
  recorded: readonly MachineRecord[],
): Promise<VagrantResult> {
  if (existsSync(join(folder, WRAPPER))) {
    const destroyed = await step.vagrant.destroy(
      { folder, env, vagrantfile: WRAPPER },
      step.run(DESTROY_LIMIT),
    );
    if (destroyed.problem?.kind !== 'vagrantfile') return destroyed;
    step.log.warn({ event: 'vagrantfile-unusable' }, `${folder}: ${destroyed.problem.why}`);
  }
  const machines = recorded.map(({ machine }) => machine);
  await writeFileAtomic(join(folder, ENDING), endingVagrantfile(machines), { mode: 0o644 });
  return step.vagrant.destroy({ folder, env, vagrantfile: ENDING }, step.run(DESTROY_LIMIT));
}

/**
 * The files that lie there are those of what was built last, or of what was about to be: both may ask for variables. What
 * was built has the last word. A secret that cannot be had any more must not keep its guest.
 */
async function environmentOf(
  step: Step,
  guest: string,
  spec: GuestSpec | null,
): Promise<Record<string, string>> {
  const memory = guestIn(step.memory.read(), guest);
  const specs = [memory?.good?.spec, spec, memory?.built?.spec].filter((each) => each != null);
  const secrets = new Set(specs.flatMap((each) => each.secrets));
  const values = await Promise.all(
    [...secrets].map(async (name) => [name, await step.secret(name).catch(() => '')] as const),
  );
  return Object.assign(Object.fromEntries(values), ...specs.map(({ env }) => env));
}

/** Gives Vagrant back its record of a machine that still exists, so that Vagrant can destroy it. */
async function recallForgotten(
  { memory, dirs, askMachine }: Step,
  guest: string,
  folder: string,
): Promise<void> {
  if (readMachineRecords(folder).some(({ id }) => id !== null)) return;
  const snapshot = guestSnapshots(dirs, guest);
  const known = keptMachines(snapshot).find(
    ({ id }) => id === guestIn(memory.read(), guest)?.built?.machineId,
  );
  if (known === undefined) return;
  if ((await askMachine(known)).state === 'exists') await restoreMachineRecord(folder, snapshot, known.id);
}

/** A machine that was made, and whose id Vagrant was killed before writing down. */
async function endOrphan(step: Step, guest: string, provider: string): Promise<StepResult | null> {
  const name = guestIn(step.memory.read(), guest)?.building?.machineName;
  return name === undefined ? null : endNamed(step, provider, name);
}

/** Ends a machine by the unique name that we gave it, for providers that can; else says that it is there. */
export async function endNamed(step: Ender, provider: string, name: string): Promise<StepResult | null> {
  const answer = await step.askMachine({ provider, id: name });
  if (answer.state !== 'exists') return null;
  if (provider !== 'lxc')
    return failed(`${provider} has a machine ${name} that Vagrant does not know; remove it by hand`);
  const ended = await runProcess({
    ...step.run(DESTROY_LIMIT),
    program: 'lxc-destroy',
    args: ['--force', '--name', name],
    cwd: '/',
    env: vagrantEnvironment(step.config.vagrantHome, null),
    onLine: (line) => step.log.info({ event: 'lxc-destroy', name }, line),
  });
  const after = await step.askMachine({ provider, id: name });
  return after.state === 'gone'
    ? null
    : failed(`lxc-destroy left the container ${name}: ${ended.tail}`, { exitStatus: ended.exitStatus });
}

function sentence(answer: { readonly state: string; readonly why?: string }): string {
  return answer.why ?? `it ${answer.state}`;
}
