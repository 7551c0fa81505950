/**
 * `reboot-host`, up to the moment before: guests are shut down, and memory says, durably, which boot is to end. The reboot itself
 * comes when the record of this attempt is made and pushed (daemon/service.ts), and the first run after it says what came of it
 * (finish-reboot.ts). Dying anywhere in between leaves a host whose next run boots its guests again.
 */
import { iso, MINUTE } from '../clock.ts';
import { withReboot } from '../observed/memory.ts';
import type { Action } from '../plan/plan.ts';
import { projectOf } from './build-guest.ts';
import { failpoint } from './failpoint.ts';
import { done, failedCommand, type Step, type StepResult } from './step.ts';

/** Limit on shutting one guest down, in milliseconds. */
const HALT_LIMIT = 10 * MINUTE;

export async function beginReboot(
  step: Step,
  action: Action & { readonly kind: 'reboot-host' },
): Promise<StepResult> {
  await noteUnlessItHappens(step);
  for (const [guest, { built }] of Object.entries(step.memory.read().guests)) {
    if (built === null) continue;
    const project = await projectOf(step, guest, built.spec);
    const halted = await step.vagrant.halt(project, step.run(HALT_LIMIT));
    if (halted.problem === null) continue;
    return { ...failedCommand(`vagrant halt of ${guest}`, halted), guestAtFault: false };
  }
  failpoint('guests-halted');
  const { bootId, named, reason } = action;
  const asked = { record: step.newId(), at: iso(step.clock.now()), bootId, after: named, reason };
  await step.memory.update((memory) => withReboot(memory, { asked }));
  return { ...done, result: 'begun' };
}

/**
 * Before anything goes down: whatever fails from here on, a secret that cannot be had included, it is not tried again in this
 * window, or guests would go down and up at every poll. The run after the reboot takes it back.
 */
async function noteUnlessItHappens({ memory, clock }: Step): Promise<void> {
  const failedAt = iso(clock.now());
  await memory.update((all) => withReboot(all, { failedAt }));
}
