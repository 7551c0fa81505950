/**
 * Which host notifies, and how far it is: what the branch `boxreeve/notifier` says. Pure.
 *
 * One host has the claim for a time, and renews it while it lives. Another takes over once it has been over for SKEW, with the cursors
 * as they stand there. That two tell at once is no harm but that something is told twice; that nobody tells would be, so a claim that
 * goes on for longer than this code ever makes one is no claim.
 */
import { iso, MINUTE } from '../clock.ts';
import {
  type Check,
  either,
  isNumber,
  isOneOf,
  isString,
  isTime,
  objectOf,
  readAs,
  recordOf,
} from '../observed/check.ts';
import { left, SKEW } from '../rollout/lease/slot.ts';
import { type Cursor, isCursor } from './cursor.ts';

/** How long a claim goes on without being renewed, in milliseconds. */
export const CLAIM = 30 * MINUTE;

export type Claim =
  | {
      readonly state: 'held';
      /** One more each time that another host has it. */
      readonly token: number;
      readonly host: string;
      /** ISO 8601 UTC, by the holder's clock. */
      readonly since: string;
      readonly until: string;
      readonly nonce: string;
    }
  | { readonly state: 'free'; readonly token: number; readonly nonce: string };

export type NotifierState = {
  readonly claim: Claim;
  /** By target. */
  readonly targets: Readonly<Record<string, Cursor>>;
};

/** As it stands at the remote. */
export type NotifierSeen = { readonly id: string; readonly state: NotifierState | 'unreadable' };

const isClaim: Check<Claim> = either(
  objectOf<Extract<Claim, { state: 'held' }>>({
    state: isOneOf('held'),
    token: isNumber,
    host: isString,
    since: isTime,
    until: isTime,
    nonce: isString,
  }),
  objectOf<Extract<Claim, { state: 'free' }>>({ state: isOneOf('free'), token: isNumber, nonce: isString }),
);

const isState = objectOf<NotifierState>({ claim: isClaim, targets: recordOf(isCursor) });

export function stateBytes(state: NotifierState): Buffer {
  return Buffer.from(`${JSON.stringify(state)}\n`);
}

export function parseState(bytes: Buffer): NotifierState | 'unreadable' {
  return readAs(isState, bytes) ?? 'unreadable';
}

/** What a host may do that would notify. `now`: ms since the epoch, by its clock. */
export type ClaimHere = 'mine' | 'renew' | 'take' | 'of another' | 'unreadable';

export function claimHere(seen: NotifierSeen | null, host: string, now: number): ClaimHere {
  if (seen === null) return 'take';
  if (seen.state === 'unreadable') return 'unreadable';
  const { claim } = seen.state;
  if (claim.state === 'free') return 'take';
  const remaining = left(claim, now);
  if (claim.host === host) return remaining > CLAIM / 2 && remaining <= CLAIM ? 'mine' : 'renew';
  return remaining < -SKEW || remaining > CLAIM + SKEW ? 'take' : 'of another';
}

export function claimFor(before: Claim | null, host: string, now: number, nonce: string): Claim {
  const until = iso(now + CLAIM);
  if (before?.state === 'held' && before.host === host) return { ...before, until, nonce };
  return { state: 'held', token: (before?.token ?? 0) + 1, host, since: iso(now), until, nonce };
}
