/**
 * Who holds leases, for people to see: the branches `boxreeve/lease-<n>` that hosts push beside their records. Nobody's signature is
 * judged here: a lease is taken and given back by whoever judges it.
 */
import { LEASE_BRANCHES } from '../git/agreed-branches.ts';
import { checked, refValue } from '../git/history.ts';
import type { Mirror } from '../git/mirror.ts';
import { fetchLeases, LEASES, leaseFile } from './lease/branches.ts';
import { type HeldSlot, parseSlot, type SlotSeen, slotNumber } from './lease/slot.ts';

export type HeldLease = Omit<HeldSlot, 'state' | 'nonce'> & { readonly slot: number };

export type ReadLeases = {
  readonly held: readonly HeldLease[];
  /** Slots that cannot be read, which hosts count as taken. */
  readonly unreadable: readonly number[];
};

export type LeasesParts = {
  readonly gitDir: string;
  readonly mirror: Pick<Mirror, 'auditRefs' | 'auditRemote'>;
};

/** As the mirror's last fetch saw them; what did not move is not read again. Throws RemoteUnreachable. */
export function openReadLeases({
  gitDir,
  mirror,
}: LeasesParts): (signal?: AbortSignal) => Promise<ReadLeases> {
  /** By the commit of a branch. */
  let known = new Map<string, SlotSeen['slot']>();

  return async (signal) => {
    const tips = tipsIn(mirror.auditRefs());
    if (tips.some(({ tip }) => !known.has(tip))) await fetchLeases(gitDir, mirror.auditRemote(), { signal });
    const now = new Map<string, SlotSeen['slot']>();
    for (const { slot, tip } of tips) now.set(tip, known.get(tip) ?? (await readLease(gitDir, slot, tip)));
    known = now;
    const read = tips.map(({ slot, tip }) => ({ slot, lease: now.get(tip) ?? 'unreadable' }));
    return {
      held: read.flatMap(({ slot, lease }) =>
        lease === 'unreadable' || lease.state === 'free' ? [] : [heldBy(slot, lease)],
      ),
      unreadable: read.flatMap(({ slot, lease }) => (lease === 'unreadable' ? [slot] : [])),
    };
  };
}

function heldBy(slot: number, { token, host, guests, since, until }: HeldSlot): HeldLease {
  return { slot, token, host, guests, since, until };
}

function tipsIn(
  refs: ReadonlyMap<string, string>,
): readonly { readonly slot: number; readonly tip: string }[] {
  const tips = [...refs].flatMap(([name, tip]) => {
    const slot = name.startsWith(LEASE_BRANCHES) ? slotNumber(name.slice(LEASE_BRANCHES.length)) : null;
    return slot === null ? [] : [{ slot, tip }];
  });
  return tips.sort((one, other) => one.slot - other.slot);
}

/** What moved on since it was listed is read as it is now. */
async function readLease(gitDir: string, slot: number, tip: string): Promise<SlotSeen['slot']> {
  const commit =
    (await refValue(gitDir, `${checked(tip)}^{commit}`)) ?? (await refValue(gitDir, `${LEASES}${slot}`));
  const file = commit === null ? null : await leaseFile(gitDir, commit);
  return file === null ? 'unreadable' : parseSlot(file);
}
