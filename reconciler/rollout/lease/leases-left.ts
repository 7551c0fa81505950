/**
 * Leases in another repository than the infra repo, where hosts that have not read of that one yet still have theirs: none is taken
 * there as long as one is held here, or the fleet would have twice as many.
 */
import { RemoteUnreachable } from '../../errors.ts';
import type { LeaseRefs } from './git-leases.ts';
import type { LeaseAnswer, LeaseNeed, Leases } from './leases.ts';
import { isToBeHad, ofHost, whyTaken } from './slot.ts';

/** @param left those of the infra repo @param now ms since the epoch */
export function afterThoseLeft(
  leases: Leases,
  left: Pick<LeaseRefs, 'list' | 'name'>,
  host: string,
  now: () => number,
): Leases {
  async function unlessHeld(need: LeaseNeed, ask: () => Promise<LeaseAnswer>): Promise<LeaseAnswer> {
    try {
      for (const [number, seen] of await left.list()) {
        if (number > need.slots || ofHost(seen, host) !== null || isToBeHad(seen, now())) continue;
        const why = whyTaken(seen, left.name(number), now());
        return { state: 'refused', why: `no lease: in the infra repo, slot ${number} ${why} still` };
      }
    } catch (error) {
      if (!(error instanceof RemoteUnreachable)) throw error;
      return { state: 'refused', why: `no lease: ${error.message}` };
    }
    return ask();
  }

  return {
    hold: (need) => unlessHeld(need, () => leases.hold(need)),
    peek: (need) => unlessHeld(need, () => leases.peek(need)),
    release: leases.release,
  };
}
