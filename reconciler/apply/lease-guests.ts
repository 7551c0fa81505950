/** Which leases actions need, for how long, and until when they are kept. Pure, but for `leasesOf`. */
import { HOUR, MINUTE } from '../clock.ts';
import type { HostSpec } from '../desired/spec.ts';
import { endsGuest } from '../gate/gate.ts';
import type { Host } from '../host-ports.ts';
import { guestIn, type Memory } from '../observed/memory.ts';
import type { HostObservation } from '../observed/observation.ts';
import type { Action } from '../plan/plan.ts';
import { type Leases, slotsOf } from '../rollout/lease/leases.ts';

/** While a job is waited for, a lease is renewed at each run: of a host that is gone it is over soon. Milliseconds. */
export const WHILE_IT_WAITS = 10 * MINUTE;
/** What an action takes besides its own limits: destroying, taking the agent back into its pool. */
const MARGIN = 15 * MINUTE;
/** From the order to reboot until every guest is up and its agent back. */
const REBOOT = 1 * HOUR;

/** Guests that these actions put out of service. */
export function guestsEnded(actions: readonly Action[], { guests }: HostObservation): readonly string[] {
  const ending = actions.filter(({ disruptive }) => disruptive);
  return guests
    .filter(({ machine }) => machine.state !== 'absent' && machine.state !== 'vanished')
    .map(({ name }) => name)
    .filter((name) => ending.some((action) => endsGuest(action, name)));
}

/** Milliseconds within which an action has ended, and what it ended is back, on what last worked if need be. */
export function longestTime(action: Action): number {
  switch (action.kind) {
    case 'create-guest':
    case 'rebuild-guest':
      return MARGIN + 2 * action.target.spec.timeouts.up;
    case 'remove-guest':
      return MARGIN + 2 * (action.makesWayFor?.spec.timeouts.up ?? 0);
    case 'reboot-host':
      return REBOOT;
    default:
      return MARGIN;
  }
}

/** Declared guests that this host ended, and that are not proven again: their leases are kept. */
export function stillDown(memory: Memory, { guests }: HostSpec): readonly string[] {
  return guests.map(({ name }) => name).filter((name) => isDown(memory, name));
}

function isDown(memory: Memory, guest: string): boolean {
  const known = guestIn(memory, guest);
  // noted before a machine is ended, and again when another is proven in its place
  return known !== undefined && known.built === null && known.good !== null;
}

/** What leases are taken from, and how many there are; null: the desired state asks for none. */
export async function leasesOf(
  host: Host,
  { commit, spec }: { readonly commit: string; readonly spec: HostSpec },
): Promise<{ readonly leases: Leases; readonly slots: number } | null> {
  const { rollout } = spec;
  if (rollout === null) return null;
  const names = spec.guests.map(({ name }) => name);
  const slots = await slotsOf(rollout, async () => (await host.words.facts(commit, names)).guestCount);
  return { leases: host.leases(rollout.fleetLock), slots };
}
