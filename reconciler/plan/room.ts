/** The room that a plan makes on the disk. */
import { showBytes } from './bytes.ts';
import type { Action, Plan } from './plan.ts';
import { boxTitle } from './subject.ts';

/** Bytes, as far as they are known. */
export function freedBy(actions: readonly Action[]): number {
  return actions.reduce((sum, action) => sum + (action.kind === 'remove-box' ? (action.frees ?? 0) : 0), 0);
}

/** `12.4 GiB`; what nobody knows is said. */
export function freedText(actions: readonly Action[]): string {
  const removals = actions.filter((action) => action.kind === 'remove-box');
  const unknown = removals.filter(({ frees }) => frees === null).length;
  const known = showBytes(freedBy(removals));
  if (unknown === 0) return known;
  const boxes = unknown === 1 ? 'a box' : `${unknown} boxes`;
  const what = `what ${boxes} added before sizes were noted took`;
  return unknown === removals.length ? what : `${known}, and ${what}`;
}

/** What could make room: what the plan removes anyway, and what stays only because the desired state says so; '' if nothing could. */
export function roomToBeHad({ actions, spare }: Plan): string {
  const removals = actions.filter(({ kind }) => kind === 'remove-box');
  const early = removals.filter(({ needs }) => needs.length === 0);
  const late = removals.filter(({ needs }) => needs.length > 0);
  return [
    ...(early.length === 0 ? [] : [`${idsOf(early)} frees ${freedText(early)}`]),
    ...(late.length === 0
      ? []
      : [`${idsOf(late)} frees ${freedText(late)}, though only once the new box is proven`]),
    ...(spare.length === 0 ? [] : [`keep.older keeps ${spare.map(spareText).join(', ')}`]),
  ].join('; ');
}

function idsOf(actions: readonly Action[]): string {
  return actions.map(({ id }) => id).join(', ');
}

function spareText({ box, bytes }: Plan['spare'][number]): string {
  return bytes === null ? boxTitle(box) : `${boxTitle(box)} (${showBytes(bytes)})`;
}
