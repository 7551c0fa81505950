/** The providers whose machines can be looked at without Vagrant, and the questions put to them. */
import type { BoxRef } from '../plan/plan.ts';
import { libvirt } from './providers/libvirt.ts';
import { lxc } from './providers/lxc.ts';
import { parallels } from './providers/parallels.ts';
import {
  type Answers,
  answerEach,
  type LeftOfBox,
  type MachineAnswer,
  type Provider,
  unknown,
} from './providers/provider.ts';
import { virtualbox } from './providers/virtualbox.ts';
import { vmware } from './providers/vmware.ts';

export type { MachineAnswer } from './providers/provider.ts';

/** By the name that Vagrant and desired state use. */
const PROVIDERS: ReadonlyMap<string, Provider> = new Map([
  ['lxc', lxc],
  ['virtualbox', virtualbox],
  ['vmware_desktop', vmware],
  ['vmware_fusion', vmware],
  ['vmware_workstation', vmware],
  ['parallels', parallels],
  ['libvirt', libvirt],
]);

/** A machine, by its provider's name and the id it has there. */
export type MachineId = { readonly provider: string; readonly id: string };

/** Answers to a round of questions. */
export type Sighting = {
  /** `unknown` for a machine that was not asked about. */
  of(machine: MachineId): MachineAnswer;
};

/**
 * Asks each provider once about all its machines. For what is asked at every poll: files for lxc, one call of the
 * provider's tool for the others (one a machine for VirtualBox). Never throws.
 */
export async function askProviders(machines: readonly MachineId[]): Promise<Sighting> {
  const names = [...new Set(machines.map((machine) => machine.provider))];
  const answers = new Map<string, Answers>();
  await Promise.all(
    names.map(async (name) => {
      const ids = machines.filter((machine) => machine.provider === name).map((machine) => machine.id);
      answers.set(name, await askProvider(name, [...new Set(ids)]));
    }),
  );
  return {
    of: ({ provider, id }) =>
      answers.get(provider)?.get(id) ?? unknown(`${provider} was not asked about ${id}`),
  };
}

/** Whether a machine exists and runs, by its provider's word. Never throws. */
export async function askMachine(machine: MachineId): Promise<MachineAnswer> {
  return (await askProviders([machine])).of(machine);
}

/** Version of a provider, for the record; null where it cannot be had. */
export async function providerVersion(name: string): Promise<string | null> {
  return (await PROVIDERS.get(name)?.version()) ?? null;
}

/** What a provider still has of a box that was removed from Vagrant's store. Never throws. */
export async function leftOfBox(box: BoxRef): Promise<LeftOfBox> {
  try {
    return (await PROVIDERS.get(box.provider)?.leftOfBox?.(box)) ?? { things: [] };
  } catch (error) {
    return { why: messageOf(error) };
  }
}

/** Whether this provider's machines can be looked at; of others nothing is known, and their guests are left alone. */
export function isKnownProvider(name: string): boolean {
  return PROVIDERS.has(name);
}

async function askProvider(name: string, ids: readonly string[]): Promise<Answers> {
  const provider = PROVIDERS.get(name);
  const names = [...PROVIDERS.keys()].join(', ');
  if (provider === undefined) {
    return answerEach(ids, () =>
      unknown(`the provider ${name} cannot be asked about machines (can: ${names})`),
    );
  }
  return await provider
    .machines(ids)
    .catch((error: unknown) => answerEach(ids, () => unknown(messageOf(error))));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
