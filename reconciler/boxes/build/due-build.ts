/**
 * Which box a builder builds by itself now. Pure.
 *
 * 1. None outside the host's window, nor while the host is paused.
 * 2. A recipe is due when its last build on this host ended as long ago as it says, was cut, never was, or could not be pushed.
 * 3. One that failed is left alone for an hour, after each further failure for twice as long, but never more than a day.
 * 4. Of several, the one that has waited longest.
 */
import { DAY, HOUR } from '../../clock.ts';
import type { BuildJournal } from './journal.ts';

export type Rebuilt = {
  readonly recipe: string;
  /** In milliseconds. */
  readonly every: number;
  readonly journal: Pick<BuildJournal, 'result'> | null;
  readonly failures: Failures | null;
};

/** How often in a row, and when the last time was (ms since the epoch). */
export type Failures = { readonly count: number; readonly at: number };

export type DueBuild = {
  readonly recipe: string;
  /** Also if it was built from the same inputs; false: what was built is only to be pushed. */
  readonly again: boolean;
};

export function dueBuild(
  recipes: readonly Rebuilt[],
  { open, paused }: { readonly open: boolean; readonly paused: boolean },
  now: number,
): DueBuild | null {
  if (!open || paused) return null;
  const due = recipes
    .filter(({ failures }) => failures === null || now >= failures.at + backOff(failures.count))
    .map((each) => ({ ...each, since: dueSince(each) }))
    .filter(({ since }) => since <= now)
    .toSorted((one, other) => one.since - other.since);
  const [first] = due;
  return first === undefined ? null : { recipe: first.recipe, again: !unpushed(first) };
}

function dueSince(rebuilt: Rebuilt): number {
  const result = rebuilt.journal?.result ?? null;
  return result === null || unpushed(rebuilt) ? 0 : Date.parse(result.endedAt) + rebuilt.every;
}

function unpushed({ journal }: Rebuilt): boolean {
  return journal?.result?.change?.pushed === false;
}

function backOff(count: number): number {
  return Math.min(DAY, HOUR * 2 ** (count - 1));
}
