import { resolveHost } from '../../../reconciler/desired/resolve.ts';
import { InvalidDesiredState } from '../../../reconciler/errors.ts';
import { goodFleet, type Item, memoryTree } from './memory-tree.ts';

/** The lines a person would read of the good fleet with these files changed (null: taken away); none if it is valid. */
export async function complaintsOf(
  change: Readonly<Record<string, Item | null>>,
  host = 'builder1',
  root = 'desired-state',
): Promise<string[]> {
  try {
    await resolveHost(memoryTree(goodFleet(change)), root, host);
    return [];
  } catch (error) {
    if (error instanceof InvalidDesiredState) return error.message.split('\n');
    throw error;
  }
}

export const FILES = {
  fleet: 'desired-state/fleet.yaml',
  host: 'desired-state/hosts/builder1.yaml',
  guest: 'desired-state/guests/azure-agent/guest.yaml',
  box: 'desired-state/boxes/azure-ci-node.yaml',
  approvers: 'desired-state/trust/approvers',
} as const;

/** A file beside the guest's guest.yaml. */
export function beside(path: string): string {
  return `desired-state/guests/azure-agent/${path}`;
}

/** Replaces text that must be there: a case that changes nothing tests nothing. */
export function swap(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`no ${JSON.stringify(from)} in this text`);
  return text.replace(from, () => to);
}
