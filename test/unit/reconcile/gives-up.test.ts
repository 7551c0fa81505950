/** A job that is waited for until the guest's time for draining is over. */
import { afterEach, expect, it } from 'vitest';
import { DAY, HOUR } from '../../../reconciler/clock.ts';
import { reconcile } from '../../../reconciler/reconcile.ts';
import { assign } from '../gate/model-pool.ts';
import { box, guest, host } from '../plan/builders.ts';
import { newProcess, newWorld } from './model-world.ts';

const [FIRST, SECOND] = ['a'.repeat(40), 'b'.repeat(40)];
const AGENT = { system: 'command', drain: ['drain'], idle: ['idle'], undrain: ['undrain'] } as const;
const timeouts = { up: HOUR, drain: HOUR, probe: HOUR };
const NIGHT = Date.parse('2026-01-14T20:00:00Z');

const world = newWorld();
afterEach(() => world.dispose());

it('is given up with a record and the agent back, and waited for again in the next window', async () => {
  world.specs.set(FIRST, host([guest({ agent: AGENT, timeouts })]));
  world.specs.set(SECOND, host([guest({ agent: AGENT, timeouts, box: box('2022.2.24') })]));
  const daemon = newProcess(world, 0).host;
  const run = (now: number) => {
    world.now = now;
    return reconcile(daemon, {
      trigger: 'poll',
      forceWindow: false,
      holdDrain: true,
      signal: new AbortController().signal,
    });
  };
  const summaries = () => world.chain.map(({ summary }) => summary);
  world.tip = FIRST;
  await run(NIGHT - DAY);
  world.tip = SECOND;
  assign(world.pool);

  await run(NIGHT);
  expect(world.pool.enabled).toBe(false);
  await run(NIGHT + HOUR / 2);
  const waiting = summaries().length;
  await run(NIGHT + HOUR / 2 + 1000);
  expect(summaries()).toHaveLength(waiting);

  await run(NIGHT + 2 * HOUR);
  expect(world.pool.enabled).toBe(true);
  expect(summaries()).toHaveLength(waiting + 1);
  expect(summaries().at(-1)).toMatch(/gave up; tries again at 2026-01-15T19:00:00.000Z/);
  await run(NIGHT + 3 * HOUR);
  expect(world.pool.enabled).toBe(true);
  expect(summaries()).toHaveLength(waiting + 1);

  await run(NIGHT + DAY);
  expect(world.pool.enabled).toBe(false);
  world.pool.job = null;
  await run(NIGHT + DAY + 1000);
  expect(world.seen.guests[0]?.builtFrom?.spec.box.version).toBe('2022.2.24');
  expect(world.killed).toBe(0);
});
