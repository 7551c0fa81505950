/** Which machines of this host stand on a box. When in doubt, they do. */
import type { HostObservation, ObservedBox, ObservedGuest } from '../observed/observation.ts';
import { boxKey } from './subject.ts';

export type BoxUsers = {
  /** Declared and former guests. */
  readonly guests: readonly ObservedGuest[];
  /** Everything else, as the observation names it. */
  readonly strangers: readonly string[];
};

/**
 * Besides what Vagrant's own records say, a guest counts as a user of what it was built from: Vagrant may have lost its
 * record of a machine that is still running (VAGRANT.md trap 2), and guests are linked clones of their box.
 */
export function usersOf(box: ObservedBox, observation: HostObservation): BoxUsers {
  const strangers = new Set(observation.strangers.flatMap(({ name, folder }) => [name, folder]));
  const named = (guest: ObservedGuest, user: string) =>
    (user === guest.name || user === guest.folder) && !strangers.has(user);
  const isGuest = (user: string) => observation.guests.some((guest) => named(guest, user));
  return {
    guests: observation.guests.filter(
      (guest) =>
        hasMachine(guest) &&
        (box.usedBy.some((user) => named(guest, user)) || standsOn(guest).includes(boxKey(box))),
    ),
    strangers: box.usedBy.filter((user) => !isGuest(user)),
  };
}

/** What Vagrant still lists of a machine that the provider no longer has uses nothing. */
function hasMachine({ machine }: ObservedGuest): boolean {
  return machine.state === 'present' || machine.state === 'forgotten';
}

/** Keys of the boxes that the guest's machine may stand on. */
function standsOn({ machine, builtFrom, lastGood }: ObservedGuest): string[] {
  if (machine.state === 'present' && machine.box !== null) {
    return [boxKey({ ...machine.box, provider: machine.provider })];
  }
  const from = builtFrom ?? lastGood;
  return from === null ? [] : [boxKey(from.spec.box)];
}
