/** Which machine a guest has: put together from Vagrant's record, our memory and the provider's word. Pure. */

import type { KeptMachine } from './machine-record.ts';
import type { GuestMemory } from './memory.ts';
import type { BuiltFrom, Machine } from './observation.ts';
import type { MachineAnswer, MachineId } from './providers.ts';
import type { MachineRecord } from './vagrant-store.ts';

/** What is known of a guest's machine before its provider is asked. */
export type Clues = {
  /** What Vagrant has a record of. One, or none, unless someone meddled. */
  readonly recorded: readonly (MachineRecord & { readonly id: string })[];
  /** Machines of ours that may exist all the same, likeliest first: built, begun, or kept a copy of the record of. */
  readonly remembered: readonly MachineId[];
};

export type GuestMachine = {
  readonly machine: Machine;
  /** Why the guest must be left alone; null if all is known. */
  readonly unknown: string | null;
};

/**
 * `providers`: where a machine begun under a name of ours may be (only lxc takes such names). `kept`: what the last
 * snapshot holds.
 */
export function gatherClues(
  records: readonly MachineRecord[],
  memory: GuestMemory | undefined,
  kept: readonly KeptMachine[],
  providers: ReadonlySet<string>,
): Clues {
  const recorded = records.flatMap((record) => (record.id === null ? [] : [{ ...record, id: record.id }]));
  const built = memory?.built;
  const building = memory?.building;
  const remembered: MachineId[] = [
    ...(built ? [{ provider: built.spec.provider, id: built.machineId }] : []),
    ...(building && providers.has('lxc') ? [{ provider: 'lxc', id: building.machineName }] : []),
    ...kept.map(({ provider, id }) => ({ provider, id })),
  ];
  const others = remembered.filter((one) => !recorded.some((record) => isSame(record, one)));
  return {
    recorded,
    remembered: others.filter((one, at) => others.findIndex((other) => isSame(other, one)) === at),
  };
}

/** `askedOf` answers for every machine in the clues. */
export function decideMachine(clues: Clues, answerOf: (machine: MachineId) => MachineAnswer): GuestMachine {
  const [recorded, second] = clues.recorded;
  const found = clues.remembered.find((machine) => answerOf(machine).state === 'exists');
  if (recorded === undefined) {
    if (found !== undefined) return { machine: forgotten(found, answerOf(found)), unknown: null };
    return { machine: { state: 'absent' }, unknown: doubtAbout(clues.remembered, answerOf) };
  }
  const answer = answerOf(recorded);
  if (answer.state === 'gone') {
    if (found !== undefined) return { machine: forgotten(found, answerOf(found)), unknown: null };
    const machine: Machine = { state: 'vanished', id: recorded.id, provider: recorded.provider };
    return { machine, unknown: doubtAbout(clues.remembered, answerOf) };
  }
  return {
    machine: {
      state: 'present',
      id: recorded.id,
      provider: recorded.provider,
      power: answer.state === 'exists' ? answer.power : 'unknown',
      box: recorded.box && { name: recorded.box.name, version: recorded.box.version },
    },
    unknown: answer.state === 'unknown' ? answer.why : twoOf(recorded, second ?? found),
  };
}

/** What the machine that is there was built from; null if it is not the one that was proven healthy. */
export function builtFromOf(machine: Machine, memory: GuestMemory | undefined): BuiltFrom | null {
  const built = memory?.built;
  // a build under way does not unmake the machine that is still there: it is in service until it is ended
  if (!built) return null;
  if (machine.state !== 'present' && machine.state !== 'forgotten') return null;
  if (!isSame(machine, { provider: built.spec.provider, id: built.machineId })) return null;
  return { spec: built.spec, commit: built.commit, at: built.at, machineId: built.machineId };
}

function forgotten({ provider, id }: MachineId, answer: MachineAnswer): Machine {
  return { state: 'forgotten', id, provider, power: answer.state === 'exists' ? answer.power : 'unknown' };
}

function doubtAbout(
  machines: readonly MachineId[],
  answerOf: (machine: MachineId) => MachineAnswer,
): string | null {
  for (const machine of machines) {
    const answer = answerOf(machine);
    if (answer.state === 'unknown')
      return `nobody can tell whether ${showMachine(machine)} exists: ${answer.why}`;
  }
  return null;
}

function twoOf(recorded: MachineId, other: MachineId | undefined): string | null {
  if (other === undefined) return null;
  return (
    `it has two machines, ${showMachine(recorded)} in Vagrant's record and ${showMachine(other)} besides: ` +
    'someone must remove the one that is not wanted'
  );
}

function showMachine({ provider, id }: MachineId): string {
  return `${id} (${provider})`;
}

function isSame(one: MachineId, other: MachineId): boolean {
  return one.id === other.id && one.provider === other.provider;
}
