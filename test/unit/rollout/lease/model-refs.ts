/** Slots in memory, with a server between that can lose a request before or after it took effect. */
import { RemoteUnreachable } from '../../../../reconciler/errors.ts';
import type { LeaseRefs } from '../../../../reconciler/rollout/lease/git-leases.ts';
import type { SlotSeen } from '../../../../reconciler/rollout/lease/slot.ts';

/** What becomes of a request. */
export type Mishap = 'none' | 'lost' | 'answer-lost';

export type ModelRefs = {
  readonly slots: Map<number, SlotSeen>;
  /** As one host sees them. @param befalls asked for each request */
  refs(befalls?: () => Mishap): LeaseRefs;
};

export function modelRefs(): ModelRefs {
  const slots = new Map<number, SlotSeen>();
  let commits = 0;
  return {
    slots,
    refs: (befalls = () => 'none') => {
      async function request<T>(work: () => T): Promise<T> {
        const mishap = befalls();
        if (mishap === 'lost') throw new RemoteUnreachable('the request was lost');
        const result = work();
        if (mishap === 'answer-lost') throw new RemoteUnreachable('the answer was lost');
        return result;
      }
      return {
        name: (slot) => `boxreeve/lease-${slot}`,
        list: () => request(() => new Map(slots)),
        swap: async (slot, expected, next) => {
          commits += 1;
          const id = `commit ${commits}`;
          try {
            return await request(() => {
              if ((slots.get(slot)?.id ?? null) !== expected) return null;
              slots.set(slot, { id, slot: next });
              return id;
            });
          } catch (error) {
            const now = await request(() => slots.get(slot)?.id ?? null);
            if (now === id) return id;
            if (now !== expected) return null;
            throw error;
          }
        },
      };
    },
  };
}
