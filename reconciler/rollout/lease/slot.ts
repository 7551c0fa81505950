/** What stands in one slot of the leases: a right to have one guest out of service, and whose it is. Pure. */
import { HOUR, MINUTE } from '../../clock.ts';
import { type Check, either, isOneOf, isString, isTime, listOf, objectOf } from '../../observed/check.ts';

/**
 * The most that the clocks of two hosts may differ, in milliseconds. A lease is taken over only when it has been over for so long by
 * the clock of whoever takes it: hosts whose clocks differ by more may each think that they have the slot.
 */
export const SKEW = 5 * MINUTE;

/** No lease lasts longer at a time, in milliseconds: one that says so was not written by this code. */
export const LONGEST_LEASE = 24 * HOUR;

export type HeldSlot = {
  readonly state: 'held';
  /** Fencing number: one more each time that the slot is taken. */
  readonly token: number;
  readonly host: string;
  readonly guests: readonly string[];
  /** ISO 8601 UTC, by the holder's clock. */
  readonly since: string;
  readonly until: string;
  /** Tells two takings of one host from each other, and what was pushed from what stands there. */
  readonly nonce: string;
};

export type FreeSlot = { readonly state: 'free'; readonly token: number; readonly nonce: string };

export type Slot = HeldSlot | FreeSlot;

/** As it stands at the remote. `unreadable`: nobody knows whose it is, so it counts as taken. */
export type SlotSeen = { readonly id: string; readonly slot: Slot | 'unreadable' };

const isToken: Check<number> = (value): value is number => Number.isSafeInteger(value) && Number(value) >= 1;
const isSlot: Check<Slot> = either(
  objectOf<HeldSlot>({
    state: isOneOf('held'),
    token: isToken,
    host: isString,
    guests: listOf(isString),
    since: isTime,
    until: isTime,
    nonce: isString,
  }),
  objectOf<FreeSlot>({ state: isOneOf('free'), token: isToken, nonce: isString }),
);

/** Of the end of a branch's name, or of a ref's; null: it is no slot's. */
export function slotNumber(digits: string): number | null {
  return /^[1-9]\d{0,5}$/.test(digits) ? Number(digits) : null;
}

export function slotBytes(slot: Slot): Buffer {
  return Buffer.from(`${JSON.stringify(slot, null, 2)}\n`);
}

export function parseSlot(bytes: Buffer): Slot | 'unreadable' {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return isSlot(value) ? value : 'unreadable';
  } catch {
    return 'unreadable';
  }
}

/** What a host has in a slot; null: nothing. */
export function ofHost({ slot }: SlotSeen, host: string): HeldSlot | null {
  return slot !== 'unreadable' && slot.state === 'held' && slot.host === host ? slot : null;
}

/** Milliseconds that it goes on by this clock; less than 0: it is over. */
export function left({ until }: Pick<HeldSlot, 'until'>, now: number): number {
  return Date.parse(until) - now;
}

/** Whether a host may take the slot: it is free, or its lease is over for certain. `now`: ms since the epoch, by that host's clock. */
export function isToBeHad(seen: SlotSeen | undefined, now: number): boolean {
  if (seen === undefined) return true;
  const { slot } = seen;
  if (slot === 'unreadable') return false;
  return slot.state === 'free' || left(slot, now) < -SKEW;
}

/** Why it may not, in a sentence that goes on after `slot 1`. */
export function whyTaken({ slot }: SlotSeen, branch: string, now: number): string {
  if (slot === 'unreadable' || (slot.state === 'held' && left(slot, now) > LONGEST_LEASE))
    return `cannot be read: somebody wrote into the branch ${branch}; delete it there if no host is at work`;
  if (slot.state === 'free') return 'is free';
  const { host, guests, until } = slot;
  return `is with ${host} for ${guests.join(', ')} until ${until}`;
}
