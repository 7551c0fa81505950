/** Group `scale`: what many hosts at once, and large fleets, cost. */
import type { Result } from './measure.ts';
import { pollAmongMany } from './scale/many-branches.ts';
import { recordAtOnce } from './scale/record-at-once.ts';
import { resolveInLargeFleet } from './scale/resolve.ts';

/** Hosts that record in one moment. */
const AT_ONCE = [64, 256];

let recorded: Promise<readonly Result[]> | null = null;

/** Part of two groups, and measured once where both are asked for. */
export function recordsAtOnce(): Promise<readonly Result[]> {
  recorded ??= (async () => {
    const results: Result[] = [];
    for (const hosts of AT_ONCE) results.push(await recordAtOnce(hosts));
    return results;
  })();
  return recorded;
}

export async function scaleGroup(): Promise<readonly Result[]> {
  return [...(await recordsAtOnce()), await resolveInLargeFleet(), await pollAmongMany()];
}
