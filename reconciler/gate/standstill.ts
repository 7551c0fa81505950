/**
 * What people want left as it is for a time: a host or a guest of it, by `boxreeve pause`, or by a hold of the infra repo. Pure.
 *
 * 1. Only what is disruptive is held: what is broken is put right meanwhile.
 * 2. One that is about a guest holds what ends that guest, and a reboot, which ends all of them.
 * 3. It is over at its time by this host's clock; a pause without one, by `boxreeve resume`.
 */
import { iso } from '../clock.ts';
import type { HoldSpec } from '../desired/spec.ts';
import type { Gate, Pause } from './gates.ts';

/** In force or not. */
export type Standstill = {
  /** null: the host as a whole. */
  readonly guest: string | null;
  readonly reason: string;
  /** ISO 8601 UTC; null: until it is resumed. */
  readonly until: string | null;
  /** `file:line:column` of the hold; null: it was `boxreeve pause`. */
  readonly place: string | null;
};

export type Standstills = {
  readonly pause: Pause | null;
  /** By guest; absent: none is paused by itself. */
  readonly pausedGuests?: Readonly<Record<string, Pause>>;
  /** Those that are about this host and its guests; absent: there are none. */
  readonly holds?: readonly HoldSpec[];
};

export function standstillsOf({ pause, pausedGuests = {}, holds = [] }: Standstills): readonly Standstill[] {
  const pauses: readonly (readonly [string | null, Pause])[] = [
    ...(pause === null ? [] : [[null, pause] as const]),
    ...Object.entries(pausedGuests),
  ];
  return [
    ...pauses.map(([guest, { reason, until }]) => ({ guest, reason, until, place: null })),
    ...holds.map((hold) => ({ ...hold, until: iso(hold.until) })),
  ];
}

/** @param now ms since the epoch */
export function inForce({ until }: Pick<Standstill, 'until'>, now: number): boolean {
  return until === null || now < Date.parse(until);
}

/** @param guest the one that an action is about; null: the host as a whole */
export function standstillGates(
  standstills: readonly Standstill[],
  guest: string | null,
  now: number,
): readonly Gate[] {
  return standstills
    .filter((each) => inForce(each, now) && (guest === null || each.guest === null || each.guest === guest))
    .map((each) => ({ kind: 'paused', until: each.until, detail: standstillText(each) }));
}

/** `held until 2026-12-01T08:00:00.000Z: release week (desired-state/fleet.yaml:12:5)` */
function standstillText({ guest, reason, until, place }: Standstill): string {
  const whose = guest === null ? '' : `${guest} is `;
  if (place !== null) return `${whose}held until ${until}: ${reason} (${place})`;
  const how = guest === null ? '' : ` --guest ${guest}`;
  return `${whose}paused until ${until ?? `\`boxreeve resume${how}\``}: ${reason}`;
}
