/**
 * What a guest goes back to if the change that it took is halted. Pure. It is what last worked before the change, and is kept, with
 * its box, until all hosts have taken the change; nothing is kept where `onHalt` is not `rollback`.
 */
import type { HostSpec } from '../desired/spec.ts';
import { guestIn, type Memory } from '../observed/memory.ts';
import type { ObservedGuest } from '../observed/observation.ts';
import type { GuestTarget } from '../plan/plan.ts';

export type Previous = Pick<GuestTarget, 'spec' | 'commit'>;

/** @param over guests whose change all hosts have taken */
export function previousOf(
  { rollout, guests }: HostSpec,
  memory: Memory,
  observed: ObservedGuest,
  over: ReadonlySet<string>,
): Previous | null {
  const desired = guests.find(({ name }) => name === observed.name);
  if (desired === undefined || rollout?.onHalt !== 'rollback' || over.has(observed.name)) return null;
  const { lastGood } = observed;
  if (lastGood !== null && lastGood.spec.fingerprint !== desired.fingerprint) return lastGood;
  const kept = guestIn(memory, observed.name)?.previous ?? null;
  return kept?.spec.fingerprint === desired.fingerprint ? null : kept;
}
