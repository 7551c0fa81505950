/** A few seeds of the simulation; `npm run sim` runs hundreds. */
import { expect, it } from 'vitest';
import { random } from '../../sim/random.ts';
import { SCENARIOS } from '../../sim/scenarios.ts';
import { isClean, showTotals } from '../../sim/totals.ts';

async function run(seed: number) {
  const trace: string[] = [];
  const totals = await SCENARIOS.idle?.(random(seed), (line) => trace.push(line));
  if (totals === undefined) throw new Error('there is no scenario idle');
  return { totals, trace };
}

it('finds nothing wrong in a few months of eight hosts, in which a lot happens', async () => {
  for (const seed of [398, 1007, 1008]) {
    const { totals, trace } = await run(seed);
    expect(isClean(totals), showTotals(1, totals)).toBe(true);
    expect(totals.done['guests built']).toBeGreaterThan(150);
    expect(trace.filter((line) => line.includes('died at call')).length).toBeGreaterThan(20);
    expect(trace.filter((line) => line.includes('HTTP 503')).length).toBeGreaterThan(20);
    expect(trace.some((line) => line.includes('a person takes the agent off'))).toBe(true);
  }
}, 60_000);

it('plays a seed the same way each time', async () => {
  const [first, second] = [await run(77), await run(77)];
  expect(second.trace).toEqual(first.trace);
  expect(second.totals).toEqual(first.totals);
}, 60_000);
