/** How long an action is likely to last, from what this host recorded of the same guest before. Pure. */
import type { ActionOutcome } from '../apply/outcome.ts';
import { type GuestMemory, guestIn, type Memory } from '../observed/memory.ts';
import type { Action } from '../plan/plan.ts';

/** Builds remembered of each guest. */
const REMEMBERED = 5;

/** Milliseconds: the longest of the last builds, since a window that is missed by a minute is missed. null: never built before. */
export function expectedMs(memory: Memory, action: Action): number | null {
  if (action.kind !== 'rebuild-guest' && action.kind !== 'create-guest') return null;
  const took = guestIn(memory, action.guest)?.tookMs ?? [];
  return took.length === 0 ? null : Math.max(...took);
}

/** Memory of each guest that these outcomes built, with how long that took. */
export function withDurations(
  memory: Memory,
  outcomes: readonly ActionOutcome[],
): ReadonlyMap<string, Pick<GuestMemory, 'tookMs'>> {
  const changes = new Map<string, { readonly tookMs: readonly number[] }>();
  for (const { action, result, durationMs } of outcomes) {
    if (result !== 'done' || (action.kind !== 'rebuild-guest' && action.kind !== 'create-guest')) continue;
    const earlier = changes.get(action.guest)?.tookMs ?? guestIn(memory, action.guest)?.tookMs ?? [];
    changes.set(action.guest, { tookMs: [...earlier, durationMs].slice(-REMEMBERED) });
  }
  return changes;
}
