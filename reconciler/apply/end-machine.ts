/**
 * Ends the machine of a guest, whatever state it is in, and does not believe it before the provider says so (VAGRANT.md trap 10).
 *
 * Ours are: the machine that Vagrant has a record of in the guest's folder; the one that memory knows, though Vagrant forgot it;
 * and one that carries the unique name of a build of ours that was cut. No other is touched.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MINUTE } from '../clock.ts';
import { guestSnapshots, keptMachines, restoreMachineRecord } from '../observed/machine-record.ts';
import { readMachineRecords } from '../observed/vagrant-store.ts';
import { runProcess } from './run-process.ts';
import { failed, failedCommand, type Step, type StepResult } from './step.ts';
import type { Project } from './vagrant.ts';
import { vagrantEnvironment } from './vagrant-environment.ts';
import { WRAPPER } from './vagrantfile.ts';

/** Limit on a destroy, in milliseconds: a machine that is shut down first takes its time. */
const DESTROY_LIMIT = 10 * MINUTE;

/** Returns null when no machine of this guest is left; else what kept it. */
export async function endMachine(
  step: Step,
  guest: string,
  provider: string,
  project: Project,
): Promise<StepResult | null> {
  await recallForgotten(step, guest, project);
  const recorded = readMachineRecords(project.folder).flatMap((record) =>
    record.id === null ? [] : [{ provider: record.provider, id: record.id }],
  );
  if (recorded.length > 0) {
    if (!existsSync(join(project.folder, WRAPPER)))
      return failed(`${project.folder} has a machine and no ${WRAPPER}: it cannot be destroyed by Vagrant`);
    const destroyed = await step.vagrant.destroy(project, step.run(DESTROY_LIMIT));
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

/** Gives Vagrant back its record of a machine that still exists, so that Vagrant can destroy it. */
async function recallForgotten(
  { memory, dirs, askMachine }: Step,
  guest: string,
  project: Project,
): Promise<void> {
  if (readMachineRecords(project.folder).some(({ id }) => id !== null)) return;
  const snapshot = guestSnapshots(dirs, guest);
  const known = keptMachines(snapshot).find(({ id }) => id === memory.read().guests[guest]?.built?.machineId);
  if (known === undefined) return;
  if ((await askMachine(known)).state === 'exists')
    await restoreMachineRecord(project.folder, snapshot, known.id);
}

/** A machine that was made, and whose id Vagrant was killed before writing down. */
async function endOrphan(step: Step, guest: string, provider: string): Promise<StepResult | null> {
  const name = step.memory.read().guests[guest]?.building?.machineName;
  if (name === undefined) return null;
  const answer = await step.askMachine({ provider, id: name });
  if (answer.state !== 'exists') return null;
  if (provider !== 'lxc')
    return failed(`${provider} has a machine ${name} that Vagrant does not know; remove it by hand`);
  const ended = await runProcess({
    program: 'lxc-destroy',
    args: ['--force', '--name', name],
    cwd: '/',
    env: vagrantEnvironment(step.config.vagrantHome, null),
    timeoutMs: DESTROY_LIMIT,
    signal: step.signal,
    redactor: step.redactor,
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
