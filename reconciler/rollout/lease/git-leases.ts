/**
 * Leases by compare-and-swap on one ref for each slot.
 *
 * 1. A slot is taken by replacing what stands in it, named by its id, with one's own: of two who try, the server lets one. A server that
 *    does not answer is asked what stands there now; until that is known the slot is not one's own.
 * 2. A lease that is over counts as held for SKEW more. Its holder begins nothing that would outlast it, by its own clock.
 * 3. Each taking counts the slot's token up, and giving back keeps it: in the records, who had it later has a greater one.
 * 4. That this host has, or may have, leases is remembered before one is asked for, until all are known to be given back: a crash leaves
 *    none behind that nobody gives back.
 * 5. Who needs several takes them in order and gives back what he took if they are not all to be had, so that two do not wait for each
 *    other for ever.
 */
import { createHash } from 'node:crypto';
import { iso } from '../../clock.ts';
import { RemoteUnreachable } from '../../errors.ts';
import type { LeaseAnswer, LeaseNeed, Leases } from './leases.ts';
import {
  type HeldSlot,
  isToBeHad,
  LONGEST_LEASE,
  left,
  ofHost,
  type Slot,
  type SlotSeen,
  whyTaken,
} from './slot.ts';

/** The slots, wherever they are kept. */
export interface LeaseRefs {
  /** What stands at the remote now. Throws RemoteUnreachable. */
  list(): Promise<ReadonlyMap<number, SlotSeen>>;
  /**
   * Puts `next` in the place of what has the id `expected` (null: of nothing). Returns its id, or null if something else stood there.
   * Throws RemoteUnreachable if it was not done, or nobody can tell.
   */
  swap(slot: number, expected: string | null, next: Slot): Promise<string | null>;
  /** What a person calls a slot. */
  name(slot: number): string;
}

export type GitLeaseParts = {
  readonly refs: LeaseRefs;
  readonly host: string;
  /** ms since the epoch. */
  readonly now: () => number;
  readonly newId: () => string;
  /** Whether this host has, or may have, leases; durable when it resolves. */
  readonly remembered: () => boolean;
  readonly remember: (held: boolean) => Promise<void>;
};

/** Longer than what is needed by as much, so that it need not be renewed at every turn. */
const SPARE = 2;

export function gitLeases(parts: GitLeaseParts): Leases {
  return {
    hold: (need) => answered(() => hold(parts, need)),
    peek: (need) => answered(() => peek(parts, need)),
    release: () => release(parts),
  };
}

async function answered(ask: () => Promise<LeaseAnswer>): Promise<LeaseAnswer> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof RemoteUnreachable)) throw error;
    return { state: 'refused', why: `no lease: ${error.message}` };
  }
}

async function hold(parts: GitLeaseParts, need: LeaseNeed): Promise<LeaseAnswer> {
  const wanted = Math.min(need.guests.length, need.slots);
  const seen = await parts.refs.list();
  const mine = ownSlots(parts, seen);
  if (mine.length === 0 && candidates(parts, need, seen).length < wanted) return refused(parts, need, seen);
  if (!parts.remembered()) await parts.remember(true);
  const kept = await renew(parts, need, mine);
  const taken: Kept[] = [];
  for (const slot of candidates(parts, need, seen)) {
    if (kept.length + taken.length >= wanted) break;
    const got = await take(parts, need, slot, seen.get(slot));
    if (got !== null) taken.push(got);
  }
  if (kept.length + taken.length >= wanted) return held([...kept, ...taken]);
  for (const each of taken) await giveBack(parts, each);
  return refused(parts, need, await parts.refs.list());
}

async function peek(parts: GitLeaseParts, need: LeaseNeed): Promise<LeaseAnswer> {
  const seen = await parts.refs.list();
  const mine = ownSlots(parts, seen);
  const free = candidates(parts, need, seen).length;
  if (mine.length + free < Math.min(need.guests.length, need.slots)) return refused(parts, need, seen);
  return held(mine);
}

async function release(parts: GitLeaseParts): Promise<void> {
  if (!parts.remembered()) return;
  const mine = ownSlots(parts, await parts.refs.list());
  for (const each of mine) await giveBack(parts, each);
  await parts.remember(false);
}

/** A slot that this host has. */
type Kept = { readonly number: number; readonly id: string; readonly slot: HeldSlot };

function ownSlots({ host }: GitLeaseParts, seen: ReadonlyMap<number, SlotSeen>): Kept[] {
  return [...seen].flatMap(([number, each]) => {
    const slot = ofHost(each, host);
    return slot === null ? [] : [{ number, id: each.id, slot }];
  });
}

/** Slots that may be taken, from one on that depends on the host's name, so that not all begin with the same. */
function candidates(
  { host, now }: GitLeaseParts,
  { slots }: LeaseNeed,
  seen: ReadonlyMap<number, SlotSeen>,
): readonly number[] {
  const first = createHash('sha256').update(host).digest().readUInt32BE(0) % slots;
  const all = Array.from({ length: slots }, (_, at) => ((first + at) % slots) + 1);
  const isOwn = (slot: number) => {
    const found = seen.get(slot);
    return found !== undefined && ofHost(found, host) !== null;
  };
  return all.filter((slot) => !isOwn(slot) && isToBeHad(seen.get(slot), now()));
}

/** Those of its slots that last long enough, made longer where they do not. One that another took over since is none. */
async function renew(parts: GitLeaseParts, need: LeaseNeed, mine: readonly Kept[]): Promise<Kept[]> {
  const kept: Kept[] = [];
  for (const each of mine) {
    const remaining = left(each.slot, parts.now());
    if (remaining >= need.lasts && remaining <= LONGEST_LEASE) {
      kept.push(each);
      continue;
    }
    const slot = { ...each.slot, guests: need.guests, until: untilFor(parts, need), nonce: parts.newId() };
    const id = await parts.refs.swap(each.number, each.id, slot);
    if (id !== null) kept.push({ number: each.number, id, slot });
  }
  return kept;
}

async function take(
  parts: GitLeaseParts,
  need: LeaseNeed,
  number: number,
  before: SlotSeen | undefined,
): Promise<Kept | null> {
  const token = before === undefined || before.slot === 'unreadable' ? 1 : before.slot.token + 1;
  const slot: HeldSlot = {
    state: 'held',
    token,
    host: parts.host,
    guests: need.guests,
    since: iso(parts.now()),
    until: untilFor(parts, need),
    nonce: parts.newId(),
  };
  const id = await parts.refs.swap(number, before?.id ?? null, slot);
  return id === null ? null : { number, id, slot };
}

async function giveBack({ refs, newId }: GitLeaseParts, { number, id, slot }: Kept): Promise<void> {
  // where another has it by now, there is nothing to give back
  await refs.swap(number, id, { state: 'free', token: slot.token, nonce: newId() });
}

function untilFor({ now }: GitLeaseParts, { lasts }: LeaseNeed): string {
  return iso(now() + Math.min(SPARE * lasts, LONGEST_LEASE));
}

function held(slots: readonly Kept[]): LeaseAnswer {
  const all = slots.map(({ number, slot }) => ({ slot: number, token: slot.token }));
  return { state: 'held', lease: { of: 'git', slots: all } };
}

function refused(
  { refs, now }: GitLeaseParts,
  need: LeaseNeed,
  seen: ReadonlyMap<number, SlotSeen>,
): LeaseAnswer {
  const taken = [...seen].filter(([slot, each]) => slot <= need.slots && !isToBeHad(each, now()));
  const [first] = taken;
  const who =
    first === undefined
      ? 'another host was first'
      : `slot ${first[0]} ${whyTaken(first[1], refs.name(first[0]), now())}`;
  const all = need.slots === 1 ? '' : ` (${taken.length} of ${need.slots} are taken)`;
  return { state: 'refused', why: `no lease: ${who}${all}` };
}
