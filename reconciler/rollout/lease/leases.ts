/** Leases: rights to have guests out of service, so many for the whole fleet at one time. */
import type { RecordedLease } from '../../audit/record.ts';
import type { RolloutSpec } from '../../desired/spec.ts';

export type LeaseNeed = {
  /** Guests that are, or are to be, out of service. One lease each; at most all there are. */
  readonly guests: readonly string[];
  /** How many there are in the fleet. */
  readonly slots: number;
  /** Milliseconds that it must last from now on: nothing that takes longer may be begun with it. */
  readonly lasts: number;
};

export type LeaseAnswer =
  | { readonly state: 'held'; readonly lease: RecordedLease }
  /** `why` is a sentence. */
  | { readonly state: 'refused'; readonly why: string };

export interface Leases {
  /** Takes what is needed, or goes on with what this host has: all of it or nothing more. Whoever is refused begins nothing. */
  hold(need: LeaseNeed): Promise<LeaseAnswer>;
  /** Whether it could be had, with nothing changed. */
  peek(need: LeaseNeed): Promise<LeaseAnswer>;
  /** Gives back all that this host has. What cannot be given back now is tried again at the next call. */
  release(): Promise<void>;
}

/** How many leases a fleet has. @param guestCount guests of all its hosts, asked where it is a share of them */
export async function slotsOf(
  { maxUnavailable }: RolloutSpec,
  guestCount: () => Promise<number>,
): Promise<number> {
  if ('count' in maxUnavailable) return maxUnavailable.count;
  return Math.max(1, Math.floor((maxUnavailable.percent * (await guestCount())) / 100));
}
