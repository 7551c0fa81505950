/**
 * What a guest goes back to if the change that it took is halted, or what is then proposed. Pure. It is what last worked before the
 * change, and is kept, with its box, until all hosts have taken the change.
 */
import type { HostSpec, RolloutSpec } from '../desired/spec.ts';
import { guestIn, type Memory } from '../observed/memory.ts';
import type { ObservedGuest } from '../observed/observation.ts';
import type { GuestTarget } from '../plan/plan.ts';

export type Previous = Pick<GuestTarget, 'spec' | 'commit'>;

/** Nobody else asks for it. */
export function keepsPrevious({ onHalt, proposeRevert }: RolloutSpec): boolean {
  return onHalt === 'rollback' || proposeRevert;
}

/** @param over guests whose change all hosts have taken */
export function previousOf(
  { rollout, guests }: HostSpec,
  memory: Memory,
  observed: ObservedGuest,
  over: ReadonlySet<string>,
): Previous | null {
  const desired = guests.find(({ name }) => name === observed.name);
  if (desired === undefined || rollout === null || !keepsPrevious(rollout) || over.has(observed.name))
    return null;
  const { lastGood } = observed;
  if (lastGood !== null && lastGood.spec.fingerprint !== desired.fingerprint) return lastGood;
  const kept = guestIn(memory, observed.name)?.previous ?? null;
  return kept?.spec.fingerprint === desired.fingerprint ? null : kept;
}
