/** What follows when others can get into a guest. */
import type { Exposure } from './generated/guest.ts';
import type { ExposureKind, GuestSpec } from './spec.ts';

const KINDS: readonly ExposureKind[] = ['ssh-beyond-host', 'insecure-key', 'password-login'];

/** Pure: the guest's own word on each way in, else the fleet's, else `report`. */
export function placeExposure(
  guest: Exposure | undefined,
  fleet: Exposure | undefined,
): Pick<GuestSpec, 'refuses'> {
  const refuses = KINDS.filter((kind) => (wordOn(kind, guest) ?? wordOn(kind, fleet)) === 'refuse');
  return refuses.length === 0 ? {} : { refuses };
}

function wordOn(kind: ExposureKind, exposure: Exposure | undefined): string | undefined {
  return typeof exposure === 'string' ? exposure : exposure?.[kind];
}
