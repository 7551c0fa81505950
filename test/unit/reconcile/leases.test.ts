/** What a run does with the leases of the fleet: before it drains, while it waits, and after it died. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HOUR, iso, MINUTE } from '../../../reconciler/clock.ts';
import type { HostSpec } from '../../../reconciler/desired/spec.ts';
import { type GuestMemory, newGuestMemory } from '../../../reconciler/observed/memory.ts';
import { preview, type Report, type Request, reconcile } from '../../../reconciler/reconcile.ts';
import type { Slot } from '../../../reconciler/rollout/lease/slot.ts';
import { assign } from '../gate/model-pool.ts';
import { file, guest, host, observed, rolloutOf } from '../plan/builders.ts';
import { Died, newProcess, newWorld, type World } from './model-world.ts';

const FIRST = 'a'.repeat(40);
const SECOND = 'b'.repeat(40);
const AGENT = { system: 'command', drain: ['drain'], idle: ['idle'], undrain: ['undrain'] } as const;
const before = guest({ agent: AGENT, window: null });
const after = guest({ agent: AGENT, window: null, files: [file('Vagrantfile', 'v2')] });
const rollout = rolloutOf();
const ASKED: Request = {
  trigger: 'poll',
  forceWindow: false,
  holdDrain: true,
  signal: new AbortController().signal,
};

let world: World;

beforeEach(() => begin());
afterEach(() => world.dispose());

async function begin(change: Partial<HostSpec> = {}): Promise<void> {
  world = newWorld();
  world.specs.set(FIRST, host([before], { rollout, ...change }));
  world.specs.set(SECOND, host([after], { rollout, ...change }));
  world.tip = FIRST;
  await run();
  world.tip = SECOND;
}

/** Of a process of its own. */
async function run(dieAt = 0, asked: Partial<Request> = {}): Promise<Report | null> {
  try {
    return await reconcile(newProcess(world, dieAt).host, { ...ASKED, ...asked });
  } catch (error) {
    if (error instanceof Died) return null;
    throw error;
  }
}

function takenBy(name: string): void {
  const slot: Slot = {
    state: 'held',
    token: 7,
    host: name,
    guests: ['azure-agent'],
    since: iso(world.now),
    until: iso(world.now + HOUR),
    nonce: 'n',
  };
  world.leases.slots.set(1, { id: 'theirs', slot });
}

const slot = () => world.leases.slots.get(1)?.slot;

describe('a guest that is to be ended', () => {
  it('waits for a lease with its agent at work, as plan says too, and goes when there is one', async () => {
    takenBy('builder2');
    world.pool.calls.length = 0;
    const gate = {
      kind: 'lease',
      detail: expect.stringMatching(/^no lease: slot 1 is with builder2 for azure-agent until /),
    };
    const plan = await preview(newProcess(world, 0).host, ASKED);
    expect(plan.pending).toMatchObject([{ action: { kind: 'rebuild-guest' }, gates: [gate] }]);
    const report = await run();
    expect(report?.pending).toMatchObject([{ action: { kind: 'rebuild-guest' }, gates: [gate] }]);
    expect(report?.records).toMatchObject([{ kind: 'waiting', gates: [gate] }]);
    expect(world.pool.calls).not.toContain('drain');
    expect(world.memory.lease).toBeFalsy();
    world.leases.slots.set(1, { id: 'given back', slot: { state: 'free', token: 7, nonce: 'm' } });
    expect((await run())?.records).toMatchObject([
      { kind: 'applied', lease: { of: 'git', slots: [{ slot: 1, token: 8 }] } },
    ]);
    expect(slot()).toMatchObject({ state: 'free', token: 8 });
  });

  it('keeps its lease while its job is waited for, and makes it longer', async () => {
    assign(world.pool, 'job 7');
    await run();
    expect(slot()).toMatchObject({ state: 'held', host: 'builder1', guests: ['azure-agent'] });
    world.now += 15 * MINUTE;
    await run();
    const held = slot();
    expect(
      held !== undefined && held !== 'unreadable' && held.state === 'held' ? Date.parse(held.until) : 0,
    ).toBeGreaterThan(world.now + 10 * MINUTE);
    world.pool.job = null;
    expect((await run())?.outcomes).toMatchObject([{ result: 'done' }]);
    expect(slot()).toMatchObject({ state: 'free' });
  });

  it('gives it back with its agent where nobody waits for the job', async () => {
    assign(world.pool, 'job 7');
    await run(0, { holdDrain: false });
    expect(slot()).toMatchObject({ state: 'free' });
    expect(world.pool.enabled).toBe(true);
  });

  it('that lost its lease while it waited puts its agent back, and ends nothing', async () => {
    assign(world.pool, 'job 7');
    await run();
    takenBy('builder2');
    world.pool.job = null;
    const report = await run();
    expect(report?.outcomes).toEqual([]);
    expect(world.pool.enabled).toBe(true);
  });

  it('is not begun with when its lease went to another while it was drained', async () => {
    world.pool.meanwhile = (call) => {
      if (call === 'activity') takenBy('builder2');
    };
    const report = await run();
    expect(report?.outcomes).toEqual([]);
    expect(world.pool.enabled).toBe(true);
  });

  it('keeps its lease while it is down by our doing, and gives it back when it is proven again', async () => {
    await run();
    const good = { spec: after, commit: SECOND, at: iso(world.now) };
    const remember = (built: GuestMemory['built']) => {
      world.memory = { ...world.memory, guests: { 'azure-agent': { ...newGuestMemory, good, built } } };
    };
    remember(null);
    world.memory = { ...world.memory, lease: { fleetLock: null } };
    takenBy('builder1');
    await run();
    expect(slot()).toMatchObject({ state: 'held', host: 'builder1' });
    const ssh = { host: 'h', port: 22, user: 'u', identityFiles: [], hostKey: null };
    remember({ ...good, machineId: 'm1', ssh });
    await run();
    expect(slot()).toMatchObject({ state: 'free' });
  });

  it('is brought back after a crash with a lease that lasts for that, and without one where others have it', async () => {
    for (const owner of ['builder1', 'builder2']) {
      await begin();
      const good = { spec: before, commit: FIRST, at: iso(world.now) };
      world.memory = {
        ...world.memory,
        guests: { 'azure-agent': { ...newGuestMemory, good } },
        lease: { fleetLock: null },
      };
      world.seen = { ...world.seen, guests: [observed({ lastGood: good })] };
      world.tip = FIRST;
      takenBy(owner);
      const { host: there } = newProcess(world, 0);
      const lasts: number[] = [];
      const apply: typeof there.apply = async (actions, attempt, signal) => {
        const seen = slot();
        if (
          actions.some(({ kind }) => kind === 'create-guest') &&
          seen !== 'unreadable' &&
          seen?.state === 'held'
        )
          lasts.push(seen.host === 'builder1' ? Date.parse(seen.until) - world.now : 0);
        return there.apply(actions, attempt, signal);
      };
      const report = await reconcile({ ...there, apply }, ASKED);
      expect(report.outcomes.at(-1)).toMatchObject({ action: { kind: 'create-guest' }, result: 'done' });
      expect(lasts).toHaveLength(1);
      // twice the limit on a build, for what is gone back to if it fails
      if (owner === 'builder1') expect(lasts[0]).toBeGreaterThan(2 * before.timeouts.up);
      world.dispose();
    }
  });

  it('needs none where the desired state asks for none', async () => {
    await begin({ rollout: null });
    takenBy('builder2');
    expect((await run())?.outcomes).toMatchObject([{ result: 'done' }]);
  });
});

describe('a process that dies at any call', () => {
  it('leaves no lease behind that the next run does not give back', async () => {
    for (let dieAt = 1; ; dieAt += 1) {
      await begin();
      const report = await run(dieAt);
      if (report === null) expect(await run()).not.toBeNull();
      expect(slot(), `died at ${dieAt}`).toMatchObject({ state: 'free' });
      expect(world.memory.lease, `died at ${dieAt}`).toBeFalsy();
      expect(world.seen.guests[0]?.builtFrom?.spec.fingerprint).toBe(after.fingerprint);
      world.dispose();
      if (report !== null) break;
    }
  });
});
