/** What each declared guest is to be, and what is left alone: rules 1 to 3 of make-plan.ts. */
import type { BoxSpec, GuestSpec, HostSpec } from '../desired/spec.ts';
import type { HostObservation, ObservedGuest } from '../observed/observation.ts';
import type { GuestTarget, Held } from './plan.ts';
import { shortCommit } from './reasons.ts';
import { boxKey } from './subject.ts';

/** A guest that may be acted on. */
export type AimedGuest = {
  readonly desired: GuestSpec;
  readonly observed: ObservedGuest;
  readonly target: GuestTarget;
};

export type Aims = { readonly guests: readonly AimedGuest[]; readonly held: readonly Held[] };

/** What a roll-out says of guests. */
export type RolloutLimits = {
  /** Guests that are not to be what the commit declares now, with what each is to be meanwhile; null: nothing is known. */
  readonly heldBack: ReadonlyMap<string, Pick<GuestTarget, 'spec' | 'commit'> | null>;
  /** Guests whose failure an approver forgave: what failed is tried again. */
  readonly forgiven: ReadonlySet<string>;
  /** Boxes that a guest may have to go back to. */
  readonly kept: readonly BoxSpec[];
};

export const NO_LIMITS: RolloutLimits = { heldBack: new Map(), forgiven: new Set(), kept: [] };

export function aimAt(
  spec: HostSpec,
  commit: string,
  observation: HostObservation,
  limits: RolloutLimits,
): Aims {
  const held: Held[] = [];
  const guests = spec.guests.flatMap((desired): AimedGuest[] => {
    const unknown = observation.unknown.find(({ guest }) => guest === desired.name);
    const observed = observation.guests.find(({ name }) => name === desired.name);
    if (unknown !== undefined || observed === undefined) {
      held.push(leftAlone(desired.name, unknown?.why ?? 'it was not looked at'));
      return [];
    }
    const { target, failed } = chooseTarget(desired, commit, observed, limits);
    if (failed !== null) held.push(failed);
    return target === null ? [] : [{ desired, observed, target }];
  });
  const { agreed, disputed } = onOneDigest(guests);
  return { guests: agreed, held: [...held, ...disputed] };
}

export function leftAlone(guest: string | null, why: string): Held {
  return { guest, failed: false, why: `${guest ?? 'this host'} is left as it is: ${why}` };
}

function chooseTarget(
  desired: GuestSpec,
  commit: string,
  { failed, lastGood }: ObservedGuest,
  { heldBack, forgiven }: RolloutLimits,
): { readonly target: GuestTarget | null; readonly failed: Held | null } {
  const forgotten = forgiven.has(desired.name) || (failed !== null && isAllowedNow(failed, desired));
  if (failed?.fingerprint !== desired.fingerprint || forgotten) {
    const meanwhile = heldBack.get(desired.name);
    if (meanwhile === null) return { target: null, failed: null };
    const target: GuestTarget =
      meanwhile === undefined
        ? { spec: desired, commit, role: 'desired' }
        : { ...meanwhile, role: 'last-good' };
    return { target, failed: null };
  }
  const back = lastGood !== null && lastGood.spec.fingerprint !== failed.fingerprint ? lastGood : null;
  const now =
    back === null
      ? 'nothing that worked is known to go back to'
      : `it stays on what last worked (${shortCommit(back.commit)})`;
  const why =
    `${desired.name} as of ${shortCommit(failed.commit)} failed at ${failed.at}: ${failed.error}; ` +
    `${now}; not tried again until the desired state changes, or \`boxreeve sync --retry\``;
  return {
    target: back === null ? null : { ...back, role: 'last-good' },
    failed: { guest: desired.name, failed: true, why },
  };
}

/** The policy is no part of the fingerprint: a guest that failed for its exposure alone is tried again when that is allowed. */
export function isAllowedNow(
  { refused }: Pick<NonNullable<ObservedGuest['failed']>, 'refused'>,
  { refuses }: Pick<GuestSpec, 'refuses'>,
): boolean {
  return refused !== undefined && !refused.some((kind) => refuses?.includes(kind));
}

/** Vagrant keeps one file for a box name, version and provider: guests that want another one under the same name must wait. */
function onOneDigest(guests: readonly AimedGuest[]): { agreed: AimedGuest[]; disputed: Held[] } {
  const digests = new Map<string, string>();
  const byRole = [...guests].sort(
    (a, b) => Number(a.target.role !== 'desired') - Number(b.target.role !== 'desired'),
  );
  for (const { target } of byRole) {
    const key = boxKey(target.spec.box);
    if (!digests.has(key)) digests.set(key, target.spec.box.sha256);
  }
  const agrees = ({ target }: AimedGuest) => digests.get(boxKey(target.spec.box)) === target.spec.box.sha256;
  return {
    agreed: guests.filter(agrees),
    disputed: guests
      .filter((guest) => !agrees(guest))
      .map(({ desired, target }) =>
        leftAlone(
          desired.name,
          `box ${boxKey(target.spec.box)} is wanted with two different files; give the new file a new version`,
        ),
      ),
  };
}
