/** Makes durable what was found of a roll-out, before anything is done about it: what a crash forgets would never have been. */
import type { HostSpec } from '../desired/spec.ts';
import type { Host } from '../host-ports.ts';
import { type GuestMemory, guestIn, type Memory, NO_ROLLOUT, newGuestMemory } from '../observed/memory.ts';
import type { HostObservation } from '../observed/observation.ts';
import type { Seen } from '../reconcile.ts';
import { previousOf } from './previous.ts';
import type { GuestProgress, Halt } from './progress.ts';
import { progressOf, type StandingInput } from './standing.ts';

/** How far each declared guest is. @param probesOf those of a guest that were run just now */
export function standings(
  host: Host,
  spec: HostSpec,
  observation: HostObservation,
  probesOf: (guest: string) => StandingInput['probes'] = () => null,
): ReadonlyMap<string, GuestProgress> {
  const memory = host.memory.read();
  const now = host.clock.now();
  return new Map(
    spec.guests.map((guest) => {
      const remembered = guestIn(memory, guest.name);
      const probes = probesOf(guest.name);
      return [guest.name, progressOf({ spec: guest, memory: remembered, observation, probes, now })];
    }),
  );
}

/**
 * What a look found: a guest that is in another state than it was, a halt, and what a change may have to go back to. A guest that could
 * not be observed this once may be well.
 */
export async function noteLook(host: Host, spec: HostSpec, seen: Seen): Promise<void> {
  const { observation, progress, fleet } = seen;
  const before = host.memory.read();
  const blind = new Set(observation.unknown.map(({ guest }) => guest));
  const changes = new Map<string, Partial<GuestMemory>>();
  const change = (guest: string, part: Partial<GuestMemory>) =>
    changes.set(guest, { ...changes.get(guest), ...part });
  for (const [guest, found] of progress) {
    const known = guestIn(before, guest)?.progress;
    const same = known?.fingerprint === found.fingerprint && known.state === found.state;
    if (!same && !blind.has(guest) && !blind.has(null)) change(guest, { progress: found });
  }
  for (const observed of observation.guests) {
    const previous = previousOf(spec, before, observed, fleet?.over ?? new Set());
    const known = guestIn(before, observed.name)?.previous ?? null;
    if (previous?.spec.fingerprint === known?.spec.fingerprint) continue;
    if (previous !== null) await host.mirror.keep(`previous-${observed.name}`, previous.commit);
    change(observed.name, { previous });
  }
  const halts = haltsNow(spec, before, seen);
  if (changes.size === 0 && sameHalts(halts, (before.rollout ?? NO_ROLLOUT).halts)) return;
  await host.memory.update((memory) => withHalts(withGuests(memory, changes), halts));
}

/** What a record is about to say of the guests. */
export async function noteStanding(
  host: Host,
  spec: HostSpec,
  observation: HostObservation,
  probesOf?: (guest: string) => StandingInput['probes'],
): Promise<void> {
  const found = standings(host, spec, observation, probesOf);
  const stale = Object.entries(host.memory.read().guests).flatMap(([guest, { progress }]) =>
    progress && !found.has(guest) ? [guest] : [],
  );
  const changes = new Map<string, Partial<GuestMemory>>([
    ...[...found].map(([guest, progress]) => [guest, { progress }] as const),
    ...stale.map((guest) => [guest, { progress: null }] as const),
  ]);
  if (changes.size > 0) await host.memory.update((memory) => withGuests(memory, changes));
}

function haltsNow({ guests, rollout }: HostSpec, memory: Memory, { fleet }: Seen): readonly Halt[] {
  const { halts } = memory.rollout ?? NO_ROLLOUT;
  if (rollout === null) return [];
  // nobody knows: what was in force still is
  if (fleet?.halts) return fleet.halts;
  return halts.filter(({ guest }) => guests.some(({ name }) => name === guest));
}

function sameHalts(some: readonly Halt[], others: readonly Halt[]): boolean {
  return JSON.stringify(some) === JSON.stringify(others);
}

function withHalts(memory: Memory, halts: readonly Halt[]): Memory {
  const { told, halts: before } = memory.rollout ?? NO_ROLLOUT;
  if (sameHalts(halts, before)) return memory;
  const inForce = new Set(halts.map(haltKey));
  return { ...memory, rollout: { halts, told: told.filter((key) => inForce.has(key)) } };
}

/** Names a halt, of whatever failures. */
export function haltKey({ guest, change }: Pick<Halt, 'guest' | 'change'>): string {
  return `${guest} ${change}`;
}

function withGuests(memory: Memory, changes: ReadonlyMap<string, Partial<GuestMemory>>): Memory {
  const guests = { ...memory.guests };
  for (const [guest, part] of changes)
    guests[guest] = { ...(guestIn(memory, guest) ?? newGuestMemory), ...part };
  return { ...memory, guests };
}
