import { afterEach, beforeEach, expect, it } from 'vitest';
import { DAY, HOUR } from '../../../reconciler/clock.ts';
import { type Report, reconcile } from '../../../reconciler/reconcile.ts';
import { buildStatus } from '../../../reconciler/report/build-status.ts';
import { showStatus } from '../../../reconciler/report/status.ts';
import { guest, host } from '../plan/builders.ts';
import { newProcess, newWorld, type World } from './model-world.ts';

const [TIP, NEXT] = ['a'.repeat(40), 'b'.repeat(40)];
let world: World;
let began: number;

beforeEach(async () => {
  world = newWorld();
  began = world.now;
  const guests = [guest({ window: null })];
  for (const commit of [TIP, NEXT])
    world.specs.set(commit, host(guests, { window: null, freshness: 2 * DAY, checkInEvery: 30 * DAY }));
  world.tip = TIP;
  await run();
  await run();
});
afterEach(() => world.dispose());

async function run(): Promise<Report> {
  const request = { forceWindow: false, holdDrain: true, signal: new AbortController().signal };
  return reconcile(newProcess(world, 0).host, { trigger: 'poll', ...request });
}

function notes(report: Report): string[] {
  return report.records.flatMap((record) => [record.outcome, ...record.notes]);
}

it('raises an alarm once when the remote has shown nothing new for too long, and again for the next commit', async () => {
  world.now = began + DAY;
  expect(notes(await run())).toEqual([]);
  world.now = began + 2 * DAY + HOUR;
  expect(notes(await run())).toEqual([
    'unhealthy',
    expect.stringMatching(/no commit newer than aaaaaaa .* longer than 2 d/),
  ]);
  expect(notes(await run())).toEqual([]);
  world.tip = NEXT;
  world.committedAt = world.now;
  await run();
  expect(notes(await run())).toEqual([]);
  world.now += 3 * DAY;
  expect(notes(await run())).toEqual(['unhealthy', expect.stringMatching(/no commit newer than bbbbbbb/)]);
});

it('shows the alarm for as long as it lasts', async () => {
  world.now = began + 3 * DAY;
  for (const report of [await run(), await run()]) {
    const facts = {
      host: 'builder1',
      now: world.now,
      report,
      memory: world.memory,
      desired: null,
      lastRecord: null,
    };
    const status = buildStatus({ ...facts, unpushed: 0, auditProblem: null });
    expect(status.stale).toMatch(/someone showing this host an old state/);
    expect(showStatus(status)).toContain('stale        the remote has shown no commit newer than');
  }
});

it('asks for no news where the fleet sets no limit', async () => {
  for (const commit of [TIP, NEXT])
    world.specs.set(commit, host([guest({ window: null })], { window: null }));
  world.now = began + DAY / 2;
  await run();
  world.now = began + 400 * DAY;
  const report = await run();
  expect(report.accepted.desired?.stale).toBe(null);
});
