/** Boxes that nothing will use any more: rules 15 to 17 of make-plan.ts. */
import type { BoxSpec, HostSpec } from '../desired/spec.ts';
import type { HostObservation, ObservedBox, ObservedFile, ObservedGuest } from '../observed/observation.ts';
import { usersOf } from './box-use.ts';
import { boxActionId } from './boxes.ts';
import { keptOlder } from './keep.ts';
import { fileOf, freedWith, removeOldFiles } from './old-files.ts';
import { type Draft, Rank } from './order.ts';
import type { Spare } from './plan.ts';
import { boxKey, boxTitle } from './subject.ts';

export type OldBoxFacts = {
  readonly spec: HostSpec;
  readonly observation: HostObservation;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Boxes that a guest is, or is to be, built from. */
  readonly needed: readonly BoxSpec[];
  /** What is done for them. */
  readonly supply: readonly Draft[];
  /** For each guest, the id of the action that ends its machine's use of its old box and proves what comes after; null: none. */
  readonly proofOf: (guest: string) => string | null;
  /** Guests that go back to what last worked if what comes next fails: declared ones, and any that is held. */
  readonly mayGoBack: ReadonlySet<string>;
  /** Whether the guest is what it should be already. */
  readonly settled: (guest: string) => boolean;
};

export type OldBoxes = {
  readonly drafts: readonly Draft[];
  readonly notes: readonly string[];
  readonly spare: readonly Spare[];
};

export function removeOldBoxes(facts: OldBoxFacts): OldBoxes {
  const { spec, observation } = facts;
  if (observation.unknown.length > 0) return { drafts: [], notes: [], spare: [] };
  const needed = new Set(facts.needed.map(boxKey));
  const old = observation.boxes.filter(
    (box) => spec.catalogue.includes(box.name) && !needed.has(boxKey(box)),
  );
  const ours = old.filter(({ sha256 }) => sha256 !== null);
  const kept = keptOlder(spec, ours);
  const going = ours.flatMap((box) => {
    const needs = proofsBefore(box, facts);
    return needs === null ? [] : [{ box, needs }];
  });
  const removed = going.filter(({ box }) => !kept.has(box));
  const files = removeOldFiles(
    facts,
    removed.map(({ box }) => box),
    (sha256) =>
      proofsOf(
        goingBackTo((box) => box.sha256 === sha256, facts),
        facts,
      ),
  );
  return {
    drafts: [...removals(removed, facts, files.leaving), ...files.drafts],
    notes: [
      ...old
        .filter(({ sha256 }) => sha256 === null)
        .map((box) => `box ${boxKey(box)} is not needed, but was not added by Boxreeve: it is left as it is`),
      ...files.notes,
    ],
    spare: going
      .filter(({ box, needs }) => kept.has(box) && needs.length === 0)
      .map(({ box: { name, version, provider, bytes } }) => ({ box: { name, version, provider }, bytes })),
  };
}

type Going = { readonly box: ObservedBox; readonly needs: readonly string[] };

/** @param leaving digests of files that nothing else asks for; two boxes of one file take it with the last of them */
function removals(
  removed: readonly Going[],
  { observation }: OldBoxFacts,
  leaving: ReadonlySet<string>,
): readonly Draft[] {
  const last = new Map(removed.map(({ box }) => [box.sha256, box]));
  return removed.map((going) => {
    const { sha256 } = going.box;
    const takes = sha256 !== null && leaving.has(sha256) && last.get(sha256) === going.box;
    return removal(going, takes ? fileOf(sha256, observation) : undefined);
  });
}

function removal({ box, needs }: Going, file: ObservedFile | undefined): Draft {
  return {
    rank: Rank.removeBox,
    action: {
      kind: 'remove-box',
      from: 'vagrant',
      id: boxActionId('remove-box', box),
      box: { name: box.name, version: box.version, provider: box.provider },
      file: file?.sha256 ?? null,
      frees: freedWith(box, file),
      reason: needs.length === 0 ? 'nothing uses it' : 'nothing will use it once that is done',
      before: file === undefined ? boxTitle(box) : `${boxTitle(box)} and its file`,
      after: '',
      disruptive: false,
      needs,
    },
  };
}

/** Ids of what must be done before a box may go; null: it stays. */
function proofsBefore(box: ObservedBox, facts: OldBoxFacts): readonly string[] | null {
  const users = usersOf(box, facts.observation);
  if (users.strangers.length > 0) return null;
  return proofsOf([...users.guests, ...goingBackTo((good) => boxKey(good) === boxKey(box), facts)], facts);
}

function proofsOf(guests: readonly ObservedGuest[], { proofOf }: OldBoxFacts): readonly string[] | null {
  const proofs = [...new Set(guests)].map(({ name }) => proofOf(name));
  const needs = proofs.filter((id) => id !== null);
  return needs.length < proofs.length ? null : [...new Set(needs)];
}

/** Guests that would go back to a box if what comes next fails. */
function goingBackTo(
  isIt: (box: BoxSpec) => boolean,
  { observation, mayGoBack, settled }: OldBoxFacts,
): readonly ObservedGuest[] {
  return observation.guests.filter(
    ({ name, lastGood }) =>
      lastGood !== null && isIt(lastGood.spec.box) && mayGoBack.has(name) && !settled(name),
  );
}
