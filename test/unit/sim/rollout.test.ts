/** A few seeds of simulated roll-outs; `npm run sim -- --scenario rollout` runs thousands. */
import { expect, it } from 'vitest';
import { random } from '../../sim/random.ts';
import { SCENARIOS } from '../../sim/scenarios.ts';
import { isClean, NOTHING, showTotals, sum } from '../../sim/totals.ts';

async function run(scenario: string, seed: number) {
  const trace: string[] = [];
  const totals = await SCENARIOS[scenario]?.(random(seed), (line) => trace.push(line));
  if (totals === undefined) throw new Error(`there is no scenario ${scenario}`);
  return { totals, trace };
}

it('finds nothing wrong in roll-outs of eight hosts, in which a lot happens', async () => {
  let all = NOTHING;
  const lines: string[] = [];
  for (let seed = 1; seed <= 30; seed += 1) {
    const { totals, trace } = await run('rollout', seed);
    all = sum(all, totals);
    lines.push(...trace);
  }
  expect(isClean(all), showTotals(30, all)).toBe(true);
  expect(all.done['guests built']).toBeGreaterThan(250);
  expect(all.done.halts).toBeGreaterThan(10);
  const told = (part: string) => lines.filter((line) => line.includes(part)).length;
  for (const part of ['died at call', 'no lease: slot', 'healthy', 'forgives', 'job 8812 running'])
    expect(told(part), part).toBeGreaterThan(3);
  for (const part of ['died in a build', 'is switched off for good'])
    expect(told(part), part).toBeGreaterThan(0);
}, 60_000);

it('finds nothing wrong in one of a hundred', async () => {
  const { totals } = await run('rollout-100', 1);
  expect(isClean(totals), showTotals(1, totals)).toBe(true);
  expect(totals.done['guests built']).toBeGreaterThan(80);
}, 60_000);

it('plays a seed the same way each time', async () => {
  const [first, second] = [await run('rollout', 3), await run('rollout', 3)];
  expect(second.trace).toEqual(first.trace);
  expect(second.totals).toEqual(first.totals);
}, 60_000);
