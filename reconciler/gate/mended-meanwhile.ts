/**
 * What guests are to be that are left as they are for a time (standstill.ts), and are broken meanwhile: what last worked, whatever the
 * commit asks for. Else a guest that is gone would come back as the very change that was to wait, and one that is stopped would stay so
 * until the change may be made. Pure.
 */
import type { HostSpec } from '../desired/spec.ts';
import type { HostObservation, ObservedGuest } from '../observed/observation.ts';
import { provenBuild } from '../plan/guests.ts';
import type { GuestTarget } from '../plan/plan.ts';
import { type Standstills, standstillGates, standstillsOf } from './standstill.ts';

/** By guest; one that was never proven is built as the commit asks for it. @param now ms since the epoch */
export function mendedMeanwhile(
  standstills: Standstills,
  { guests }: Pick<HostSpec, 'guests'>,
  observation: Pick<HostObservation, 'guests'>,
  now: number,
): ReadonlyMap<string, Pick<GuestTarget, 'spec' | 'commit'>> {
  const all = standstillsOf(standstills);
  return new Map(
    guests.flatMap(({ name, fingerprint }) => {
      const observed = observation.guests.find((guest) => guest.name === name);
      const good = observed?.lastGood ?? null;
      if (observed === undefined || good === null || good.spec.fingerprint === fingerprint) return [];
      if (isWhole(observed) || standstillGates(all, name, now).length === 0) return [];
      return [[name, { spec: good.spec, commit: good.commit }] as const];
    }),
  );
}

function isWhole(observed: ObservedGuest): boolean {
  const { machine } = observed;
  return provenBuild(observed) !== null && machine.state === 'present' && machine.power === 'running';
}
