/** What a daemon keeps back of its records, and what it does not. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DAY, HOUR, MINUTE } from '../../../reconciler/clock.ts';
import { openService, type Service } from '../../../reconciler/daemon/service.ts';
import { stateDirLayout } from '../../../reconciler/state-dir.ts';
import { guest, host } from '../plan/builders.ts';
import { newProcess, newWorld, type World } from '../reconcile/model-world.ts';

const COMMIT = 'a'.repeat(40);
let world: World;
let folder: string;
let pushes: number;
let told: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'boxreeve-kept-'));
  world = newWorld();
  world.tip = COMMIT;
  pushes = 0;
  told = 0;
});
afterEach(() => {
  world.dispose();
  rmSync(folder, { recursive: true, force: true });
});

/** In a fleet of so many hosts. */
function aDaemon(fleetSize: number, daemon = true): Service {
  const spec = host([guest({ window: null })], {
    window: null,
    fleetSize,
    pushesPerMinute: 6,
    checkInEvery: DAY,
  });
  world.specs.set(COMMIT, spec);
  const { host: ports } = newProcess(world, 0);
  const audit = {
    ...ports.audit,
    unpushed: async () => world.chain.length - told,
    push: async () => {
      const pushed = world.chain.length - told;
      told = world.chain.length;
      pushes += 1;
      return { pushed };
    },
  };
  const by = daemon ? { pid: process.pid, startedAt: '2026-11-25T00:00:00.000Z' } : null;
  return openService({ ...ports, audit }, stateDirLayout(folder), by, new AbortController().signal);
}

function poll(service: Service, trigger: 'poll' | 'manual' = 'poll') {
  return service.sync({ trigger, forceWindow: false, dryRun: false, retryFailed: false });
}

/** All is well from then on. */
async function settle(service: Service): Promise<void> {
  for (let run = 0; run < 3; run += 1) {
    await poll(service);
    world.now += MINUTE;
  }
  await poll(service, 'manual');
}

it('a check-in of a large fleet waits for its turn, and goes in one push with the next', async () => {
  const service = aDaemon(10_000);
  await settle(service);
  expect(told).toBe(world.chain.length);
  const [before, known] = [pushes, told];
  world.now += DAY;
  await poll(service);
  expect(world.chain.slice(known).map(({ kind }) => kind)).toEqual(['check-in']);
  expect(pushes).toBe(before);
  world.now += 7 * HOUR;
  await poll(service);
  expect([pushes, told]).toEqual([before + 1, world.chain.length]);
});

it('what was done goes at once, and takes along what was kept back', async () => {
  const service = aDaemon(10_000);
  await settle(service);
  world.now += DAY;
  await poll(service);
  expect(told).toBe(world.chain.length - 1);
  const guests = world.seen.guests.map((there) => ({
    ...there,
    machine: { state: 'absent' as const },
    builtFrom: null,
  }));
  world.seen = { ...world.seen, guests, boxes: world.seen.boxes.map((box) => ({ ...box, usedBy: [] })) };
  await poll(service);
  expect(world.chain.at(-1)?.kind).toBe('applied');
  expect(told).toBe(world.chain.length);
});

it('nothing is kept back in a small fleet, from a person, or by a run that is no daemon', async () => {
  const cases = [
    { fleetSize: 6, daemon: true, trigger: 'poll' },
    { fleetSize: 10_000, daemon: true, trigger: 'manual' },
    { fleetSize: 10_000, daemon: false, trigger: 'poll' },
  ] as const;
  for (const { fleetSize, daemon, trigger } of cases) {
    const service = aDaemon(fleetSize, daemon);
    await settle(service);
    world.now += DAY;
    await poll(service, trigger);
    expect(world.chain.at(-1)?.kind).toBe('check-in');
    expect(told).toBe(world.chain.length);
  }
});
