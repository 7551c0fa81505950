/** From a decision about a guest to actions, with the boxes they need. */
import { type BoxSupply, type DecidedGuest, endsMachine } from './boxes.ts';
import { provenBuild, type Rebuild } from './guests.ts';
import { type Draft, Rank } from './order.ts';
import type { Held } from './plan.ts';
import { builtTitle, targetTitle } from './reasons.ts';
import { boxKey, boxTitle } from './subject.ts';
import { leftAlone } from './targets.ts';

export type GuestActions = {
  readonly drafts: readonly Draft[];
  readonly held: readonly Held[];
  /** Id of the action whose success proves the guest on its target; null if none is to come. */
  readonly proof: string | null;
};

export function draftGuest(guest: DecidedGuest, supply: BoxSupply): GuestActions {
  const { decision, desired } = guest;
  if (decision.do === 'hold') return held(guest, decision.why);
  const blocked = supply.blocked.get(boxKey(guest.target.spec.box));
  const restored = decision.do === 'restore' ? [restore(guest, decision)] : [];
  if (blocked !== undefined && decision.do !== 'boot') {
    return { ...held(guest, blocked), drafts: restored };
  }
  switch (decision.do) {
    case 'nothing':
      return { drafts: [], held: [], proof: null };
    case 'boot':
      return { drafts: [boot(guest, decision.reason)], held: [], proof: null };
    case 'create':
      return {
        drafts: [create(guest, decision.reason, supply, [])],
        held: [],
        proof: `create-guest ${desired.name}`,
      };
    case 'restore':
      if (decision.afterwards === null) return { drafts: restored, held: [], proof: null };
      return rebuilt(guest, decision.afterwards, supply, restored);
    case 'rebuild':
      return rebuilt(guest, decision, supply, []);
  }
}

/** Whether the guest is what it should be, and stays so. */
export function isSettled({ decision }: DecidedGuest): boolean {
  return decision.do !== 'hold' && decision.do !== 'create' && !endsMachine(decision);
}

function held({ desired }: DecidedGuest, why: string): GuestActions {
  return { drafts: [], held: [leftAlone(desired.name, why)], proof: null };
}

function rebuilt(
  guest: DecidedGuest,
  change: Rebuild,
  supply: BoxSupply,
  first: readonly Draft[],
): GuestActions {
  const name = guest.desired.name;
  if (supply.mustGoFirst(guest)) {
    const removal = removeFirst(guest, change, [...idsOf(first), ...supply.fetchOf(guest.target.spec.box)]);
    const drafts = [...first, removal, create(guest, change.reason, supply, [removal.action.id])];
    return { drafts, held: [], proof: `create-guest ${name}` };
  }
  const drafts = [...first, rebuild(guest, change, supply, idsOf(first))];
  return { drafts, held: [], proof: `rebuild-guest ${name}` };
}

function idsOf(drafts: readonly Draft[]): string[] {
  return drafts.map(({ action }) => action.id);
}

function create(
  { desired, target }: DecidedGuest,
  reason: string,
  supply: BoxSupply,
  needs: readonly string[],
): Draft {
  return {
    rank: Rank.bringUp,
    action: {
      kind: 'create-guest',
      id: `create-guest ${desired.name}`,
      guest: desired.name,
      target,
      reason,
      before: '',
      after: targetTitle(target),
      disruptive: false,
      needs: [...needs, ...supply.needsOf(target.spec.box)],
    },
  };
}

function rebuild(guest: DecidedGuest, change: Rebuild, supply: BoxSupply, needs: readonly string[]): Draft {
  const { desired, target } = guest;
  return {
    rank: change.disruptive ? Rank.disrupt : Rank.rebuildUnproven,
    action: {
      kind: 'rebuild-guest',
      id: `rebuild-guest ${desired.name}`,
      guest: desired.name,
      target,
      recycle: change.recycle,
      reason: change.reason,
      before: present(guest),
      after: targetTitle(target),
      disruptive: change.disruptive,
      needs: [...needs, ...supply.needsOf(target.spec.box)],
    },
  };
}

function removeFirst(guest: DecidedGuest, change: Rebuild, needs: readonly string[]): Draft {
  const { desired, target } = guest;
  return {
    rank: change.disruptive ? Rank.disrupt : Rank.rebuildUnproven,
    action: {
      kind: 'remove-guest',
      id: `remove-guest ${desired.name}`,
      guest: desired.name,
      ...(change.recycle ? {} : { makesWayFor: target }),
      reason: `its box ${boxTitle(target.spec.box)} must be replaced by the catalogue's file; ${change.reason}`,
      before: present(guest),
      after: '',
      disruptive: change.disruptive,
      needs,
    },
  };
}

function boot({ desired, target }: DecidedGuest, reason: string): Draft {
  return {
    rank: Rank.bringUp,
    action: {
      kind: 'start-guest',
      id: `start-guest ${desired.name}`,
      guest: desired.name,
      how: 'boot',
      target,
      reason,
      before: 'stopped',
      after: 'running',
      disruptive: false,
      needs: [],
    },
  };
}

function restore(
  { desired, target }: DecidedGuest,
  decision: DecidedGuest['decision'] & { do: 'restore' },
): Draft {
  const { builtFrom } = decision;
  const right = builtFrom.spec.fingerprint === target.spec.fingerprint;
  return {
    rank: Rank.bringUp,
    action: {
      kind: 'start-guest',
      id: `start-guest ${desired.name}`,
      guest: desired.name,
      how: 'restore-record',
      target: right ? target : { spec: builtFrom.spec, commit: builtFrom.commit, role: 'last-good' },
      reason: decision.reason,
      before: `machine ${builtFrom.machineId}, unknown to Vagrant`,
      after: builtTitle(builtFrom),
      disruptive: false,
      needs: [],
    },
  };
}

/** What stands there now, in words. */
function present({ observed }: DecidedGuest): string {
  const proven = provenBuild(observed);
  if (proven !== null) return builtTitle(proven);
  const { machine } = observed;
  const box = machine.state === 'present' && machine.box !== null ? ` from ${boxTitle(machine.box)}` : '';
  return observed.unfinished === null ? `a machine made by hand${box}` : `an unfinished machine${box}`;
}
