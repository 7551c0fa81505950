/** The scenarios there are, by the names that `--scenario` takes. */
import { HOUR, MINUTE } from '../../reconciler/clock.ts';
import { idle } from './idle.ts';
import type { Random } from './random.ts';
import { rolloutOfSize } from './rollout/rollout.ts';
import type { Totals } from './totals.ts';

/** @param tell what happened, a line each; in the order of the hosts, then of time */
export type Scenario = (seed: Random, tell: (line: string) => void) => Promise<Totals>;

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  idle,
  rollout: rolloutOfSize({ hosts: 8, changes: [1, 4], poll: [5 * MINUTE, 15 * MINUTE], jobs: 0.4 }),
  'rollout-100': rolloutOfSize({ hosts: 100, changes: [1, 3], poll: [5 * MINUTE, 30 * MINUTE], jobs: 0.4 }),
  'rollout-10000': rolloutOfSize({ hosts: 10_000, changes: [1, 2], poll: [HOUR, 2 * HOUR], jobs: 0.05 }),
};
