/** Boxes that nothing will use any more: rules 15 to 17 of make-plan.ts. */
import type { HostSpec } from '../desired/spec.ts';
import type { HostObservation, ObservedBox, ObservedGuest } from '../observed/observation.ts';
import { usersOf } from './box-use.ts';
import { boxActionId } from './boxes.ts';
import { type Draft, Rank } from './order.ts';
import { boxKey, boxTitle } from './subject.ts';

export type OldBoxFacts = {
  readonly spec: HostSpec;
  readonly observation: HostObservation;
  /** Keys of boxes that a guest is, or is to be, built from. */
  readonly needed: ReadonlySet<string>;
  /** For each guest, the id of the action that ends its machine's use of its old box and proves what comes after; null: none. */
  readonly proofOf: (guest: string) => string | null;
  /** Guests that go back to what last worked if what comes next fails: declared ones, and any that is held. */
  readonly mayGoBack: ReadonlySet<string>;
  /** Whether the guest is what it should be already. */
  readonly settled: (guest: string) => boolean;
};

export function removeOldBoxes(facts: OldBoxFacts): {
  readonly drafts: readonly Draft[];
  readonly notes: readonly string[];
} {
  const { spec, observation, needed } = facts;
  if (observation.unknown.length > 0) return { drafts: [], notes: [] };
  const old = observation.boxes.filter(
    (box) => spec.catalogue.includes(box.name) && !needed.has(boxKey(box)),
  );
  return {
    drafts: old.filter(({ sha256 }) => sha256 !== null).flatMap((box) => removal(box, facts)),
    notes: old
      .filter(({ sha256 }) => sha256 === null)
      .map((box) => `box ${boxKey(box)} is not needed, but was not added by Boxreeve: it is left as it is`),
  };
}

function removal(box: ObservedBox, facts: OldBoxFacts): Draft[] {
  const users = usersOf(box, facts.observation);
  if (users.strangers.length > 0) return [];
  const proofs = waitingOn(box, users.guests, facts).map(({ name }) => facts.proofOf(name));
  const needs = proofs.filter((id) => id !== null);
  if (needs.length < proofs.length) return [];
  return [
    {
      rank: Rank.removeBox,
      action: {
        kind: 'remove-box',
        id: boxActionId('remove-box', box),
        box: { name: box.name, version: box.version, provider: box.provider },
        reason: needs.length === 0 ? 'nothing uses it' : 'nothing will use it once that is done',
        before: boxTitle(box),
        after: '',
        disruptive: false,
        needs: [...new Set(needs)],
      },
    },
  ];
}

/** Guests whose machine stands on the box, and guests that would go back to it if what comes next fails. */
function waitingOn(
  box: ObservedBox,
  users: readonly ObservedGuest[],
  facts: OldBoxFacts,
): readonly ObservedGuest[] {
  return facts.observation.guests.filter((guest) => {
    if (users.includes(guest)) return true;
    const back = guest.lastGood !== null && boxKey(guest.lastGood.spec.box) === boxKey(box);
    return back && facts.mayGoBack.has(guest.name) && !facts.settled(guest.name);
  });
}
