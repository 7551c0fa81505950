/** What simulations found, and how that is said. */

/** By what is counted, in the order in which it is said. */
type Counts = Readonly<Record<string, number>>;

export type Totals = {
  /** What must never be: all of it must stay 0. */
  readonly faults: Counts;
  /** That something happened at all. */
  readonly done: Counts;
};

export const NOTHING: Totals = { faults: {}, done: {} };

export function sum(one: Totals, other: Totals): Totals {
  return { faults: added(one.faults, other.faults), done: added(one.done, other.done) };
}

function added(one: Counts, other: Counts): Counts {
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return Object.fromEntries(names.map((name) => [name, (one[name] ?? 0) + (other[name] ?? 0)]));
}

export function isClean({ faults }: Totals): boolean {
  return Object.values(faults).every((count) => count === 0);
}

/** `300 seeds, killed 0, drained 0, lost 0, recycles missed 0, outside their window 0, guests built 81234`. */
export function showTotals(seeds: number, { faults, done }: Totals): string {
  const counts = Object.entries({ ...faults, ...done }).map(([name, count]) => `${name} ${count}`);
  return [`${seeds} seeds`, ...counts].join(', ');
}
