/** Guests that nobody declares any more: rule 11 of make-plan.ts. */
import type { HostSpec } from '../desired/spec.ts';
import type { HostObservation, ObservedGuest } from '../observed/observation.ts';
import { provenBuild } from './guests.ts';
import { type Draft, Rank } from './order.ts';
import type { Held } from './plan.ts';
import { builtTitle } from './reasons.ts';
import { leftAlone } from './targets.ts';

export type FormerGuests = {
  readonly drafts: readonly Draft[];
  readonly held: readonly Held[];
  readonly notes: readonly string[];
};

export function removeFormer(spec: HostSpec, observation: HostObservation): FormerGuests {
  const declared = new Set(spec.guests.map(({ name }) => name));
  const parts = observation.guests
    .filter(({ name }) => !declared.has(name))
    .map((guest) =>
      decideFormer(guest, observation.unknown.find((unknown) => unknown.guest === guest.name)?.why),
    );
  return {
    drafts: parts.flatMap((part) => part.drafts ?? []),
    held: parts.flatMap((part) => part.held ?? []),
    notes: parts.flatMap((part) => part.notes ?? []),
  };
}

function decideFormer(guest: ObservedGuest, unknown: string | undefined): Partial<FormerGuests> {
  const { machine, name } = guest;
  if (unknown !== undefined) return { held: [leftAlone(name, unknown)] };
  if (machine.state === 'absent') return {};
  if (machine.state === 'vanished') return { drafts: [removal(guest, false, ', and its machine is gone')] };
  const proven = provenBuild(guest);
  if (proven === null && guest.unfinished === null) {
    return {
      notes: [`${name} is not declared any more, but its machine was made by hand: it is left as it is`],
    };
  }
  if (machine.power === 'unknown')
    return { held: [leftAlone(name, 'nobody can tell whether its machine is running')] };
  return { drafts: [removal(guest, proven !== null, '')] };
}

function removal(guest: ObservedGuest, disruptive: boolean, also: string): Draft {
  const proven = provenBuild(guest);
  return {
    rank: disruptive ? Rank.disrupt : Rank.rebuildUnproven,
    action: {
      kind: 'remove-guest',
      id: `remove-guest ${guest.name}`,
      guest: guest.name,
      reason: `it is not declared any more${also}`,
      before: proven === null ? 'a machine that was never proven' : builtTitle(proven),
      after: '',
      disruptive,
      needs: [],
    },
  };
}
