/** The scenarios there are, by the names that `--scenario` takes. */
import { idle } from './idle.ts';
import type { Random } from './random.ts';
import type { Totals } from './totals.ts';

/** @param tell what happened, a line each; in the order of the hosts, then of time */
export type Scenario = (seed: Random, tell: (line: string) => void) => Promise<Totals>;

export const SCENARIOS: Readonly<Record<string, Scenario>> = { idle };
