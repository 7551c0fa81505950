/** What simulations found, and how that is said. */
export type Totals = {
  /** Jobs that ran in a guest when it was ended. */
  readonly killed: number;
  /** Agents left off their pool by us, or put back although a person had taken them off. */
  readonly drained: number;
  /** Attempts without exactly one record, and changes that are not in force at the end. */
  readonly lost: number;
  /** Recycles not done in a window with room. */
  readonly missed: number;
  /** Actions that disturb, begun outside their window. */
  readonly outside: number;
  /** Guests built: that something happened at all. */
  readonly rebuilt: number;
};

export const NOTHING: Totals = { killed: 0, drained: 0, lost: 0, missed: 0, outside: 0, rebuilt: 0 };

export function sum(one: Totals, other: Totals): Totals {
  return {
    killed: one.killed + other.killed,
    drained: one.drained + other.drained,
    lost: one.lost + other.lost,
    missed: one.missed + other.missed,
    outside: one.outside + other.outside,
    rebuilt: one.rebuilt + other.rebuilt,
  };
}

export function isClean({ killed, drained, lost, missed, outside }: Totals): boolean {
  return killed + drained + lost + missed + outside === 0;
}

/** `300 seeds, killed 0, drained 0, lost 0, recycles missed 0, outside their window 0, guests built 81234`. */
export function showTotals(seeds: number, found: Totals): string {
  return [
    `${seeds} seeds, killed ${found.killed}, drained ${found.drained}, lost ${found.lost}`,
    `recycles missed ${found.missed}, outside their window ${found.outside}, guests built ${found.rebuilt}`,
  ].join(', ');
}
