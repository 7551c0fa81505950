/** What every record says of the moment it is made. */
import { iso } from '../clock.ts';
import type { Host } from '../host-ports.ts';
import { fingerprintsIn } from '../observed/fingerprints.ts';
import { NO_ROLLOUT } from '../observed/memory.ts';
import { rememberedProgress } from '../rollout/standing.ts';
import type { Moment } from './draft.ts';
import type { RecordedBox } from './record.ts';

/** @param boxes those that the host has, where it was looked at */
export async function momentOf(host: Host, boxes?: readonly RecordedBox[]): Promise<Moment> {
  const memory = host.memory.read();
  const progress = rememberedProgress(memory);
  const { halts } = memory.rollout ?? NO_ROLLOUT;
  return {
    ...(boxes === undefined ? {} : { boxes }),
    time: iso(host.clock.now()),
    versions: await host.versions(),
    fingerprints: fingerprintsIn(memory),
    ...(progress === null ? {} : { progress }),
    ...(halts.length === 0 ? {} : { halts }),
  };
}
