/** The real reconcile over a modelled host that dies at every single call, and at every pair of calls in two runs. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Request, reconcile } from '../../../reconciler/reconcile.ts';
import { assign } from '../gate/model-pool.ts';
import { box, file, guest, host } from '../plan/builders.ts';
import { Died, newProcess, newWorld, type World } from './model-world.ts';

const FIRST = 'a'.repeat(40);
const SECOND = 'b'.repeat(40);
const AGENT = { system: 'command', drain: ['drain'], idle: ['idle'], undrain: ['undrain'] } as const;
const before = guest({ agent: AGENT, window: null });
/** Another box and another init script: fetch, add, rebuild, remove. */
const after = guest({
  agent: AGENT,
  window: null,
  box: box('2022.2.24'),
  files: [file('Vagrantfile', 'v2')],
});

const request: Request = {
  trigger: 'poll',
  forceWindow: false,
  holdDrain: false,
  signal: new AbortController().signal,
};
let world: World;

beforeEach(async () => {
  world = newWorld();
  world.specs.set(FIRST, host([before]));
  world.specs.set(SECOND, host([after]));
  world.tip = FIRST;
  await run(0);
  world.tip = SECOND;
});
afterEach(() => world.dispose());

/** One run of a fresh process; tells whether it died. */
async function run(dieAt: number): Promise<{ died: boolean; calls: number }> {
  const process = newProcess(world, dieAt);
  try {
    await reconcile(process.host, request);
    return { died: false, calls: process.calls() };
  } catch (error) {
    if (error instanceof Died) return { died: true, calls: process.calls() };
    throw error;
  }
}

/** What must hold when a run has come to its end, however many died before it. */
function expectWhole(where: string): void {
  const [only] = world.seen.guests;
  expect(only?.builtFrom?.spec.fingerprint, where).toBe(after.fingerprint);
  expect(
    world.seen.boxes.map(({ version }) => version),
    where,
  ).toEqual(['2022.2.24']);
  expect(world.pool.enabled, `${where}: the agent is back on its pool`).toBe(true);
  expect(world.killed, `${where}: no job was killed`).toBe(0);
  const ids = world.chain.map(({ id }) => id);
  expect(new Set(ids).size, `${where}: no record twice`).toBe(ids.length);
  for (const attempt of world.attempts) expect(ids, `${where}: each attempt on record`).toContain(attempt);
}

async function restart(): Promise<void> {
  world.dispose();
  world = newWorld();
  world.specs.set(FIRST, host([before]));
  world.specs.set(SECOND, host([after]));
  world.tip = FIRST;
  await run(0);
  world.tip = SECOND;
}

describe('a process that dies at any call', () => {
  it('leaves a host that the next run puts right, with one record for each attempt', async () => {
    const { calls } = await run(0);
    expectWhole('undisturbed');
    expect(calls).toBeGreaterThan(40);
    for (let dieAt = 1; dieAt <= calls; dieAt += 1) {
      await restart();
      expect((await run(dieAt)).died).toBe(true);
      expect((await run(0)).died).toBe(false);
      expectWhole(`died at ${dieAt}`);
    }
  });

  it('and dies again at any call of the run that was to mend it', async () => {
    const { calls } = await run(0);
    for (let first = 1; first <= calls; first += 5) {
      for (let second = 1; second <= calls; second += 3) {
        await restart();
        await run(first);
        await run(second);
        expect((await run(0)).died).toBe(false);
        expectWhole(`died at ${first}, then at ${second}`);
      }
    }
  });

  it('while jobs come whenever the agent is on its pool, kills none, and gets there when they end', async () => {
    const { calls } = await run(0);
    for (let dieAt = 1; dieAt <= calls; dieAt += 2) {
      await restart();
      let call = 0;
      world.pool.meanwhile = () => {
        call += 1;
        if (call % 3 === 0) assign(world.pool);
        if (call % 7 === 0) world.pool.job = null;
      };
      await run(dieAt);
      for (
        let attempt = 0;
        attempt < 30 && world.seen.guests[0]?.builtFrom?.spec.fingerprint !== after.fingerprint;
        attempt += 1
      )
        await run(0);
      await run(0);
      expectWhole(`jobs, died at ${dieAt}`);
    }
  });
});

describe('a run with nothing to do', () => {
  it('records nothing and touches nothing', async () => {
    await run(0);
    const records = world.chain.length;
    const seen = world.seen;
    await run(0);
    expect(world.chain).toHaveLength(records);
    expect(world.seen).toBe(seen);
  });
});
