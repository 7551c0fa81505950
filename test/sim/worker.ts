/** Runs seeds until there are none left to run. */
import { parentPort, workerData } from 'node:worker_threads';
import { random } from './random.ts';
import { SCENARIOS } from './scenarios.ts';
import type { Totals } from './totals.ts';

/** What a worker answers for each seed. `trace` is what went wrong, at most. */
export type Result = { readonly seed: number; readonly totals: Totals; readonly trace: readonly string[] };

/** A line that shouts is one of something that must not be. */
const SHOUTS = /^\S+ \S+ [A-Z]{3,}/;

const { name }: { name: string } = workerData;
const scenario = SCENARIOS[name];

parentPort?.on('message', async (seed: number) => {
  const trace: string[] = [];
  const totals = await scenario?.(random(seed), (line) => {
    if (SHOUTS.test(line)) trace.push(line);
  });
  parentPort?.postMessage({ seed, totals, trace });
});
