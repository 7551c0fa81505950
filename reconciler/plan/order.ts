/** Actions in the order in which they are carried out. */
import type { Action } from './plan.ts';

/** An action and its place in the order of a plan; its needs come first whatever their place. */
export type Draft = { readonly rank: Rank; readonly action: Action };

/** Everything that disturbs nobody comes before everything that does; what is taken away for good comes last. */
export const Rank = {
  fetch: 0,
  add: 1,
  bringUp: 2,
  rebuildUnproven: 3,
  disrupt: 4,
  removeBox: 5,
  reboot: 6,
} as const;
export type Rank = (typeof Rank)[keyof typeof Rank];

/** By rank, then as given, with needs before what needs them. Needs that name no action are ignored here: the linter tells. */
export function inOrder(drafts: readonly Draft[]): Action[] {
  const waiting = [...drafts].sort((a, b) => a.rank - b.rank);
  const ids = new Set(waiting.map(({ action }) => action.id));
  const placed = new Set<string>();
  const ordered: Action[] = [];
  while (waiting.length > 0) {
    const ready = waiting.findIndex(({ action }) =>
      action.needs.every((need) => placed.has(need) || !ids.has(need)),
    );
    const [next] = waiting.splice(Math.max(0, ready), 1);
    if (next === undefined) break;
    placed.add(next.action.id);
    ordered.push(next.action);
  }
  return ordered;
}
