/** A reboot of the host, as the runs before and after it see it; dying at every call in between. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { observedBoot } from '../../../reconciler/observed/boot.ts';
import { NO_REBOOT } from '../../../reconciler/observed/memory.ts';
import { type Report, type Request, reconcile } from '../../../reconciler/reconcile.ts';
import { assign } from '../gate/model-pool.ts';
import { guest, host } from '../plan/builders.ts';
import { Died, newProcess, newWorld, type World } from './model-world.ts';

const COMMIT = 'a'.repeat(40);
const AGENT = { system: 'command', drain: ['drain'], idle: ['idle'], undrain: ['undrain'] } as const;
const calm = guest({ agent: AGENT, window: null });
const request: Request = {
  trigger: 'poll',
  forceWindow: false,
  holdDrain: true,
  signal: new AbortController().signal,
};

let world: World;

beforeEach(async () => {
  world = newWorld();
  world.tip = COMMIT;
  world.specs.set(COMMIT, host([calm], { window: null }));
  await run();
  world.specs.set(COMMIT, host([calm], { window: null, reboot: { every: null, after: 'macos-14.6' } }));
});
afterEach(() => world.dispose());

/** One run of a fresh process, and the reboot that it asks for. @returns null if it died, or the host went down */
async function run(
  dieAt = 0,
  bootId?: () => Promise<null>,
): Promise<{ report: Report | null; calls: number }> {
  const { host: made, calls } = newProcess(world, dieAt);
  const ports = bootId === undefined ? made : { ...made, bootId };
  const observe: typeof ports.observe = async (spec, commit) => ({
    ...(await ports.observe(spec, commit)),
    boot: observedBoot(world.bootId, world.memory, world.now),
  });
  try {
    const report = await reconcile({ ...ports, observe }, request);
    if (report.outcomes.some(({ result }) => result === 'begun')) {
      goDown();
      await ports.reboot(request.signal);
    }
    return { report, calls: calls() };
  } catch (error) {
    if (error instanceof Died) return { report: null, calls: calls() };
    throw error;
  }
}

/** Guests do not come up by themselves. */
function goDown(): void {
  world.seen = {
    ...world.seen,
    guests: world.seen.guests.map((one) =>
      one.machine.state === 'present' ? { ...one, machine: { ...one.machine, power: 'stopped' } } : one,
    ),
  };
}

const kinds = () =>
  world.chain.flatMap(({ actions }) => actions.map(({ kind, result }) => `${kind} ${result}`));

describe('a reboot', () => {
  it('is recorded before and after; then guests are booted, and only then agents put back', async () => {
    world.pool.calls.length = 0;
    expect((await run()).report).toBeNull();
    expect(kinds().at(-1)).toBe('reboot-host begun');
    expect(world.pool.enabled).toBe(false);
    await run();
    expect(kinds().slice(-3)).toEqual(['reboot-host begun', 'reboot-host done', 'start-guest done']);
    expect(world.pool.enabled).toBe(true);
    expect(world.memory.reboot).toEqual({ ...NO_REBOOT, after: 'macos-14.6' });
    const records = world.chain.length;
    await run();
    expect(world.chain).toHaveLength(records);
    expect(world.bootId).toBe('boot+');
  });

  it('is not said to have happened, or not, while it cannot be told which boot this is', async () => {
    await run();
    const records = world.chain.length;
    await run(0, async () => null);
    expect(kinds().slice(records)).not.toContain('reboot-host done');
    expect(world.memory.reboot?.asked).not.toBeNull();
    await run();
    expect(kinds()).toContain('reboot-host done');
  });

  it('waits for the job that runs', async () => {
    assign(world.pool);
    const { report } = await run();
    expect(report?.pending).toMatchObject([{ action: { kind: 'reboot-host' }, gates: [{ kind: 'job' }] }]);
    expect(world.bootId).toBe('boot');
    world.pool.job = null;
    await run();
    expect(world.bootId).toBe('boot+');
  });

  it('whatever dies on the way happens once, with agents back, guests up and each record once', async () => {
    const { calls } = await run();
    for (let dieAt = 1; dieAt <= calls; dieAt += 1) {
      world.dispose();
      world = newWorld();
      world.tip = COMMIT;
      world.specs.set(COMMIT, host([calm], { window: null }));
      await run();
      world.specs.set(COMMIT, host([calm], { window: null, reboot: { every: null, after: 'macos-14.6' } }));
      await run(dieAt);
      for (let again = 0; again < 4; again += 1) await run();
      // one that was cut just before it did not happen: that is on record, and it is tried again a day later
      world.now += 86_500_000;
      for (let again = 0; again < 4; again += 1) await run();
      const where = `died at ${dieAt}`;
      expect(world.bootId, where).toBe('boot+');
      expect(world.pool.enabled, where).toBe(true);
      expect(world.seen.guests[0]?.machine, where).toMatchObject({ power: 'running' });
      expect(world.memory.reboot, where).toMatchObject({ asked: null, after: 'macos-14.6' });
      const ids = world.chain.map(({ id }) => id);
      expect(new Set(ids).size, where).toBe(ids.length);
    }
  });
});
