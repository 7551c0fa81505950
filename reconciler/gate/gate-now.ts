/** Gathers what the gates go by at this moment, and lets them decide. */
import type { HostSpec } from '../desired/spec.ts';
import type { Host } from '../host-ports.ts';
import type { HostObservation } from '../observed/observation.ts';
import type { Plan } from '../plan/plan.ts';
import type { Request } from '../reconcile.ts';
import { expectedMs } from './expected.ts';
import { gatePlan } from './gate.ts';
import type { GatedAction } from './gates.ts';

export function gateNow(
  host: Host,
  spec: HostSpec,
  observation: HostObservation,
  plan: Plan,
  request: Request,
): readonly GatedAction[] {
  const memory = host.memory.read();
  return gatePlan(plan, {
    now: host.clock.now(),
    // a guest nobody declares any more goes by the window it had
    windowOf: (guest) =>
      guest === null
        ? (spec.guests[0]?.window ?? null)
        : ((spec.guests.find(({ name }) => name === guest) ?? memory.guests[guest]?.good?.spec)?.window ??
          null),
    pause: memory.pause,
    forceWindow: request.forceWindow,
    freeBytes: observation.freeBytes,
    expectedMs: (action) => expectedMs(memory, action),
  });
}
