/**
 * The boxes that guests need: fetched, added, and, where another file stands under the same name and version, put in its
 * place. Rules 12 to 14 of make-plan.ts.
 */
import type { BoxSpec } from '../desired/spec.ts';
import type { HostObservation, ObservedBox } from '../observed/observation.ts';
import { usersOf } from './box-use.ts';
import { showBytes } from './bytes.ts';
import type { GuestDecision } from './guests.ts';
import { type Draft, Rank } from './order.ts';
import { boxKey, boxTitle } from './subject.ts';
import type { AimedGuest } from './targets.ts';

/** A declared guest, and what was decided about it. */
export type DecidedGuest = AimedGuest & { readonly decision: GuestDecision };

export type BoxSupply = {
  readonly drafts: readonly Draft[];
  /** Boxes that cannot be had for now, by key, and why: no guest may be built from them. */
  readonly blocked: ReadonlyMap<string, string>;
  /** Ids of what must be done before a guest is built from this box. */
  needsOf(box: BoxSpec): readonly string[];
  /** Whether the guest has to make room for the box it is to be built from: it is removed first, and created afterwards. */
  mustGoFirst(guest: DecidedGuest): boolean;
  /** Ids of what must be done before such a guest is removed, so that it is not gone for longer than need be. */
  fetchOf(box: BoxSpec): readonly string[];
};

export const boxActionId = (
  kind: 'fetch-box' | 'add-box' | 'remove-box',
  box: Parameters<typeof boxKey>[0],
) => `${kind} ${boxKey(box)}`;

/** `leaving`: for each former guest that is removed, the id of its removal. `keepsFile`: whether a box's file stays once it is added. */
export function supplyBoxes(
  guests: readonly DecidedGuest[],
  leaving: ReadonlyMap<string, string>,
  observation: HostObservation,
  keepsFile: (box: BoxSpec) => boolean,
): BoxSupply {
  const needed = new Map(guests.map(({ target }) => [boxKey(target.spec.box), target.spec.box]));
  const found = new Map(observation.boxes.map((box) => [boxKey(box), box]));
  const wrong = [...needed].flatMap(([key, box]) => {
    const there = found.get(key);
    return there === undefined || there.sha256 === box.sha256 ? [] : [{ key, box, there }];
  });
  const blocked = blockedBoxes(wrong, guests, leaving, observation);
  const replaced = new Map(wrong.filter(({ key }) => !blocked.has(key)).map((entry) => [entry.key, entry]));
  const missing = [...needed].filter(([key]) => !found.has(key) || replaced.has(key)).map(([, box]) => box);
  const users = [...replaced.values()].flatMap(({ there }) =>
    usersOf(there, observation).guests.map(({ name }) => name),
  );
  const usesReplaced = new Set(users);

  const fetchOf = (box: BoxSpec) =>
    missing.includes(box) && !observation.fetched.includes(box.sha256) ? [boxActionId('fetch-box', box)] : [];
  const mustGoFirst = ({ target, observed, decision }: DecidedGuest) =>
    endsMachine(decision) && replaced.has(boxKey(target.spec.box)) && usesReplaced.has(observed.name);
  /** The same file under another name: it stays for that one, and the next plan removes it. */
  const hasTwin = (box: BoxSpec) => missing.some((other) => other !== box && other.sha256 === box.sha256);
  const wants = (box: BoxSpec) =>
    guests.filter(({ target }) => boxKey(target.spec.box) === boxKey(box)).map(({ desired }) => desired.name);
  const endOf = (name: string) => {
    const guest = guests.find(({ observed }) => observed.name === name);
    if (guest === undefined) return leaving.get(name) ?? `remove-guest ${name}`;
    return `${mustGoFirst(guest) ? 'remove' : 'rebuild'}-guest ${name}`;
  };

  return {
    blocked,
    mustGoFirst,
    needsOf: (box) =>
      missing.some((other) => boxKey(other) === boxKey(box)) ? [boxActionId('add-box', box)] : [],
    fetchOf: (box) => missing.filter((other) => boxKey(other) === boxKey(box)).flatMap(fetchOf),
    drafts: missing.flatMap((box) => {
      const old = replaced.get(boxKey(box))?.there;
      const ends = old === undefined ? [] : usersOf(old, observation).guests.map(({ name }) => endOf(name));
      const removal = old === undefined ? [] : [replacement(old, box, [...fetchOf(box), ...ends])];
      return [
        ...fetchDraft(box, fetchOf(box), wants(box)),
        ...removal,
        addition(box, keepsFile(box) || hasTwin(box), fetchOf(box), removal, wants(box)),
      ];
    }),
  };
}

/** Whether the decision ends the machine that is there. */
export function endsMachine(decision: GuestDecision): boolean {
  return decision.do === 'rebuild' || (decision.do === 'restore' && decision.afterwards !== null);
}

type WrongBox = { readonly key: string; readonly box: BoxSpec; readonly there: ObservedBox };

/** A wrong box stays where a machine stands on it that does not go; and a guest whose box is blocked does not go. */
function blockedBoxes(
  wrong: readonly WrongBox[],
  guests: readonly DecidedGuest[],
  leaving: ReadonlyMap<string, string>,
  observation: HostObservation,
): ReadonlyMap<string, string> {
  const blocked = new Map<string, string>();
  const goes = (name: string) => {
    const guest = guests.find(({ observed }) => observed.name === name);
    if (guest === undefined) return leaving.has(name);
    return endsMachine(guest.decision) && !blocked.has(boxKey(guest.target.spec.box));
  };
  for (let before = -1; before !== blocked.size; ) {
    before = blocked.size;
    for (const { key, there } of wrong) {
      const users = usersOf(there, observation);
      const stay = [
        ...users.strangers,
        ...users.guests.map(({ name }) => name).filter((name) => !goes(name)),
      ];
      const what = `box ${key} on this host is not the file of the catalogue`;
      if (stay.length > 0) blocked.set(key, `${what}, and ${stay.join(', ')} stands on it`);
      else if (observation.unknown.length > 0)
        blocked.set(key, `${what}, and not all machines here could be observed`);
    }
  }
  return blocked;
}

function fetchDraft(box: BoxSpec, ids: readonly string[], wanted: readonly string[]): Draft[] {
  return ids.map((id) => ({
    rank: Rank.fetch,
    action: {
      kind: 'fetch-box',
      id,
      box,
      reason: `${wanted.join(', ')} ${wanted.length === 1 ? 'needs' : 'need'} it, and its file is not on this host`,
      before: '',
      after: `file of ${boxTitle(box)}, ${showBytes(box.size)}`,
      disruptive: false,
      needs: [],
    },
  }));
}

function addition(
  box: BoxSpec,
  keepsFile: boolean,
  fetch: readonly string[],
  removal: readonly Draft[],
  wanted: readonly string[],
): Draft {
  return {
    rank: Rank.add,
    action: {
      kind: 'add-box',
      id: boxActionId('add-box', box),
      box,
      keepsFile,
      reason: `${wanted.join(', ')} ${wanted.length === 1 ? 'needs' : 'need'} it`,
      before: '',
      after: boxTitle(box),
      disruptive: false,
      needs: [...fetch, ...removal.map(({ action }) => action.id)],
    },
  };
}

function replacement(there: ObservedBox, box: BoxSpec, needs: readonly string[]): Draft {
  const was =
    there.sha256 === null
      ? 'was not added by Boxreeve'
      : `is another file (SHA-256 ${there.sha256.slice(0, 8)})`;
  return {
    rank: Rank.add,
    action: {
      kind: 'remove-box',
      from: 'vagrant',
      id: boxActionId('remove-box', there),
      box: { name: there.name, version: there.version, provider: there.provider },
      file: null,
      frees: there.bytes,
      reason: `the ${boxTitle(there)} that is here ${was}; the catalogue's is ${box.sha256.slice(0, 8)}`,
      before: boxTitle(there),
      after: '',
      disruptive: false,
      needs,
    },
  };
}
