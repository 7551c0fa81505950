/** `start-guest` and `remove-guest`. */
import { rm } from 'node:fs/promises';
import { iso } from '../clock.ts';
import { guestSnapshots, restoreMachineRecord } from '../observed/machine-record.ts';
import { guestIn, newGuestMemory } from '../observed/memory.ts';
import { readMachineRecords } from '../observed/vagrant-store.ts';
import type { Action, GuestTarget } from '../plan/plan.ts';
import { projectOf, SSH_CONFIG_LIMIT } from './build-guest.ts';
import { endMachine } from './end-machine.ts';
import { probeGuest } from './probes.ts';
import { parseSshConfig } from './ssh-config.ts';
import { done, failed, failedCommand, type Step, type StepResult } from './step.ts';

/** Boots a guest that is right but stopped; its init script does not run again. */
export async function bootGuest(step: Step, guest: string, { spec }: GuestTarget): Promise<StepResult> {
  const project = await projectOf(step, guest, spec);
  const up = await step.vagrant.up(project, spec.provider, false, step.run(spec.timeouts.up));
  if (up.problem !== null) return { ...failedCommand('vagrant up', up), guestAtFault: false };
  const config = await step.vagrant.sshConfig(project, step.run(SSH_CONFIG_LIMIT));
  const ssh = config.problem === null ? parseSshConfig(config.process.stdout) : null;
  if (ssh === null) return { ...failedCommand('vagrant ssh-config', config), guestAtFault: false };
  const built = guestIn(step.memory.read(), guest)?.built ?? null;
  const target = { ...ssh, hostKey: built?.ssh.hostKey ?? null };
  if (built !== null) await step.memory.updateGuest(guest, { built: { ...built, ssh: target } });
  const probed = await probeGuest(guest, target, spec.probes, spec.timeouts.probe, step);
  if (probed.state === 'unreachable') return failed(probed.why);
  const wrong = probed.probes.filter(({ ok }) => !ok);
  if (wrong.length > 0)
    return failed(`probe ${wrong[0]?.name} ${wrong[0]?.detail}`, { probes: probed.probes });
  // a boot forwards its ports anew
  const exposure = await step.examine(guest, { ...target, hostKey: probed.hostKey });
  await step.memory.updateGuest(guest, { exposure });
  const { tail, exitStatus } = up.process;
  return { ...done, output: tail, exitStatus, probes: probed.probes, exposure };
}

/** Gives Vagrant back its record of a guest that never stopped running. */
export async function restoreRecord(step: Step, guest: string): Promise<StepResult> {
  const folder = step.dirs.guest(guest);
  const machineId = guestIn(step.memory.read(), guest)?.built?.machineId;
  if (machineId === undefined) return failed('nobody knows which machine it was');
  await restoreMachineRecord(folder, guestSnapshots(step.dirs, guest), machineId);
  const back = readMachineRecords(folder).some(({ id }) => id === machineId);
  return back ? done : failed(`the record of ${machineId} is not there after it was put back`);
}

/** Ends a guest that nobody declares any more, and forgets it. */
export async function removeGuest(step: Step, guest: string): Promise<StepResult> {
  const memory = guestIn(step.memory.read(), guest);
  const spec = (memory?.built ?? memory?.good)?.spec;
  const folder = step.dirs.guest(guest);
  const provider = spec?.provider ?? readMachineRecords(folder)[0]?.provider;
  if (provider === undefined) return failed(`nobody knows which provider ${guest} is of`);
  // noted as unfinished before it is ended: from here on nothing is in service there
  const at = iso(step.clock.now());
  const name = memory?.building?.machineName ?? '';
  if (spec !== undefined) {
    await step.memory.updateGuest(guest, {
      building: { fingerprint: spec.fingerprint, commit: memory?.good?.commit ?? '', at, machineName: name },
    });
  }
  const left = await endMachine(step, guest, provider, spec ?? null);
  if (left !== null) return left;
  await rm(folder, { recursive: true, force: true });
  await rm(guestSnapshots(step.dirs, guest), { recursive: true, force: true });
  await step.memory.update((all) => {
    const { [guest]: gone, ...others } = all.guests;
    // an agent that we took off its pool is still to be put back
    const drained = gone?.drained ?? null;
    return {
      ...all,
      guests: drained === null ? others : { ...others, [guest]: { ...newGuestMemory, drained } },
    };
  });
  return done;
}

/** For the guest of a start action. */
export async function startGuest(
  step: Step,
  action: Action & { readonly kind: 'start-guest' },
): Promise<StepResult> {
  return action.how === 'boot'
    ? bootGuest(step, action.guest, action.target)
    : restoreRecord(step, action.guest);
}
