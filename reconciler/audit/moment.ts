/** What every record says of the moment it is made. */
import { iso } from '../clock.ts';
import type { Host } from '../host-ports.ts';
import { fingerprintsIn } from '../observed/fingerprints.ts';
import type { Moment } from './draft.ts';

export async function momentOf(host: Host): Promise<Moment> {
  return {
    time: iso(host.clock.now()),
    versions: await host.versions(),
    fingerprints: fingerprintsIn(host.memory.read()),
  };
}
