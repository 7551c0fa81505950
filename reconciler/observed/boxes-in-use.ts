/** Boxes of this host and the machines that were built from them, by whatever hand; and machines that are no one's. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { BoxRef } from '../plan/plan.ts';
import type { IndexEntry } from './machine-index.ts';
import type { ObservedBox, Stranger } from './observation.ts';
import { textOf } from './vagrant-files.ts';
import type { StoredBox } from './vagrant-store.ts';

/** A machine that was built from a box; `by` is what messages call it. */
export type BoxUse = { readonly box: BoxRef; readonly by: string };

export function withUse(boxes: readonly StoredBox[], uses: readonly BoxUse[]): readonly ObservedBox[] {
  return boxes.map((box) => {
    const users = uses.filter((use) => sameBox(use.box, box)).map((use) => use.by);
    return { ...box, usedBy: [...new Set(users)].sort() };
  });
}

/**
 * Entries whose machine Vagrant still has a record of: the index keeps those of folders that were deleted. What may not
 * be read (another user's project) counts as living.
 */
export function livingEntries(entries: readonly IndexEntry[]): readonly IndexEntry[] {
  return entries.filter(({ folder, dataFolder, name, provider }) => {
    if (folder === '' || dataFolder === '' || !existsSync(folder)) return false;
    try {
      return Boolean(textOf(join(dataFolder, 'machines', name, provider, 'id'))?.trim());
    } catch {
      return true;
    }
  });
}

export function usesByStrangers(entries: readonly IndexEntry[]): readonly BoxUse[] {
  return entries.flatMap(({ box, folder }) => (box === null ? [] : [{ box, by: folder }]));
}

export function asStranger({ name, folder, provider, box }: IndexEntry): Stranger {
  return {
    name,
    folder,
    provider,
    box: box === null ? 'a box that is not known' : `${box.name} ${box.version}`,
  };
}

function sameBox(one: BoxRef, other: BoxRef): boolean {
  return one.name === other.name && one.version === other.version && one.provider === other.provider;
}
