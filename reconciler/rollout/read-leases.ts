/**
 * Who holds leases, for people to see: the branches `boxreeve/lease-<n>` that hosts push beside their records. Nobody's signature is
 * judged here: a lease is taken and given back by whoever judges it.
 */
import { checked, refValue } from '../git/history.ts';
import type { Mirror } from '../git/mirror.ts';
import { either, isNumber, isOneOf, isString, listOf, objectOf } from '../observed/check.ts';
import { fetchLeases, LEASES, leaseFile } from './lease/branches.ts';

export type HeldLease = {
  readonly slot: number;
  /** The fencing number: it only grows. */
  readonly token: number;
  readonly host: string;
  readonly guests: readonly string[];
  /** ISO 8601 UTC. */
  readonly since: string;
  readonly until: string;
};

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
  /** By the commit of a branch; null: it cannot be read. */
  let known = new Map<string, Lease | null>();

  return async (signal) => {
    const tips = tipsIn(mirror.auditRefs());
    if (tips.some(({ tip }) => !known.has(tip))) await fetchLeases(gitDir, mirror.auditRemote(), { signal });
    const now = new Map<string, Lease | null>();
    for (const { slot, tip } of tips)
      now.set(tip, known.has(tip) ? (known.get(tip) ?? null) : await readLease(gitDir, slot, tip));
    known = now;
    const read = tips.map(({ slot, tip }) => ({ slot, lease: now.get(tip) ?? null }));
    return {
      held: read.flatMap(({ slot, lease }) =>
        lease === null || lease.state === 'free' ? [] : [{ ...heldBy(lease), slot }],
      ),
      unreadable: read.flatMap(({ slot, lease }) => (lease === null ? [slot] : [])),
    };
  };
}

function heldBy({ token, host, guests, since, until }: Held): Omit<HeldLease, 'slot'> {
  return { token, host, guests, since, until };
}

const BRANCH = /^refs\/heads\/boxreeve\/lease-(0|[1-9]\d{0,4})$/;

function tipsIn(
  refs: ReadonlyMap<string, string>,
): readonly { readonly slot: number; readonly tip: string }[] {
  const tips = [...refs].flatMap(([name, tip]) => {
    const slot = BRANCH.exec(name)?.[1];
    return slot === undefined ? [] : [{ slot: Number(slot), tip }];
  });
  return tips.sort((one, other) => one.slot - other.slot);
}

type Held = Omit<HeldLease, 'slot'> & { readonly state: 'held' };
type Lease = Held | { readonly state: 'free' };

const isHeld = objectOf<Held>({
  state: isOneOf('held'),
  token: isNumber,
  host: isString,
  guests: listOf(isString),
  since: isString,
  until: isString,
});
const isLease = either(isHeld, objectOf<{ readonly state: 'free' }>({ state: isOneOf('free') }));

/** null: it cannot be read. What moved on since it was listed is read as it is now. */
async function readLease(gitDir: string, slot: number, tip: string): Promise<Lease | null> {
  const commit =
    (await refValue(gitDir, `${checked(tip)}^{commit}`)) ?? (await refValue(gitDir, `${LEASES}${slot}`));
  const file = commit === null ? null : await leaseFile(gitDir, commit);
  return file === null ? null : parseLease(file);
}

function parseLease(bytes: Buffer): Lease | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return isLease(value) ? value : null;
  } catch {
    return null;
  }
}
