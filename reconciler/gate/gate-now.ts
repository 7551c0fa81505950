/** Gathers what the gates go by at this moment, and lets them decide. */
import type { HostSpec, WindowSpec } from '../desired/spec.ts';
import type { Host } from '../host-ports.ts';
import { guestIn, type Memory } from '../observed/memory.ts';
import type { HostObservation } from '../observed/observation.ts';
import type { Plan } from '../plan/plan.ts';
import type { Request } from '../reconcile.ts';
import { expectedMs } from './expected.ts';
import { gatePlan } from './gate.ts';
import type { GatedAction } from './gates.ts';
import type { Standstills } from './standstill.ts';

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
      (spec.guests.find(({ name }) => name === guest) ?? guestIn(memory, guest)?.good?.spec)?.window ?? null,
    hostWindows: distinct([spec.window, ...spec.guests.map(({ window }) => window)]),
    ...standstillsNow(memory, spec),
    forceWindow: request.forceWindow,
    freeBytes: observation.freeBytes,
    expectedMs: (action) => expectedMs(memory, action),
  });
}

/** What people want left as it is on this host. */
export function standstillsNow(memory: Memory, { guests, holds }: HostSpec): Standstills {
  const isHere = (guest: string) =>
    guests.some(({ name }) => name === guest) || guestIn(memory, guest) !== undefined;
  return {
    pause: memory.pause,
    pausedGuests: memory.pausedGuests ?? {},
    // of a guest that this host has nothing to do with, there is nothing to hold
    holds: holds.filter(({ guest }) => guest === null || isHere(guest)),
  };
}

function distinct(windows: readonly (WindowSpec | null)[]): readonly WindowSpec[] {
  const known = windows.filter((window) => window !== null);
  return [...new Map(known.map((window) => [window.name, window])).values()];
}
