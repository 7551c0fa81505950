/** Roll-outs over the real reconcile of hosts that die at every single call. */
import { afterEach, expect, it } from 'vitest';
import { HOUR, MINUTE } from '../../../reconciler/clock.ts';
import { box, guest } from '../plan/builders.ts';
import { Died, type Effect } from '../reconcile/model-world.ts';
import { Fleet } from './model-fleet.ts';

const [FIRST, SECOND] = ['a'.repeat(40), 'b'.repeat(40)];
const OLD = guest();
const NEW = guest({ box: box('2022.2.24') });
const old = OLD.fingerprint;
const changed = NEW.fingerprint;

let fleet = new Fleet({});
afterEach(() => fleet.dispose());

async function begin(onHalt: 'stay' | 'rollback'): Promise<void> {
  fleet.dispose();
  fleet = new Fleet({ canary1: ['canary'], builder1: [] });
  fleet.release(FIRST, [OLD], null);
  await fleet.tick(MINUTE);
  const waves = [{ hosts: { by: 'label' as const, label: 'canary' }, soak: HOUR }];
  fleet.release(SECOND, [NEW], { waves, onHalt });
  fleet.now += MINUTE;
}

/** Dies at one call, counted from 1 and twice for each: before and after its effect. */
function dying(dieAt: number): { effect: Effect; calls(): number } {
  let calls = 0;
  const step = () => {
    calls += 1;
    if (dieAt > 0 && calls >= dieAt) throw new Died(`at call ${dieAt}`);
  };
  const effect: Effect = async (work) => {
    step();
    const result = await work();
    step();
    return result;
  };
  return { effect, calls: () => calls };
}

async function runDying(name: string, dieAt: number): Promise<number> {
  const process = dying(dieAt);
  try {
    await fleet.run(name, process.effect);
  } catch (error) {
    if (!(error instanceof Died)) throw error;
  }
  return process.calls();
}

it('never loses a halt, wherever the host that it begins on dies', async () => {
  await begin('stay');
  fleet.bad.set(changed, null);
  const calls = await runDying('canary1', 0);
  expect(calls).toBeGreaterThan(20);
  for (let dieAt = 1; dieAt <= calls; dieAt += 1) {
    await begin('stay');
    fleet.bad.set(changed, null);
    await runDying('canary1', dieAt);
    await fleet.tick(MINUTE, ['builder1']);
    expect(fleet.is('builder1'), `died at ${dieAt}`).toBe(old);
    await fleet.tick(MINUTE, ['canary1']);
    const { chain, memory } = fleet.world('canary1');
    expect(chain.filter(({ kind }) => kind === 'halted').length, `died at ${dieAt}`).toBeGreaterThanOrEqual(
      1,
    );
    expect(chain.at(-1), `died at ${dieAt}`).toMatchObject({
      halts: [{ guest: 'azure-agent', failures: [{ host: 'canary1' }] }],
      progress: { 'azure-agent': { state: 'failed' } },
    });
    expect(memory.rollout?.told, `died at ${dieAt}`).toHaveLength(1);
    await fleet.tick(3 * HOUR);
    await fleet.tick(MINUTE);
    expect(fleet.is('builder1'), `died at ${dieAt}`).toBe(old);
  }
});

it('lets no wave go early, and in the end the next, wherever the canary dies', async () => {
  await begin('stay');
  const calls = await runDying('canary1', 0);
  for (let dieAt = 1; dieAt <= calls; dieAt += 1) {
    await begin('stay');
    await runDying('canary1', dieAt);
    await fleet.tick(MINUTE);
    expect(fleet.is('canary1'), `died at ${dieAt}`).toBe(changed);
    expect(fleet.is('builder1'), `died at ${dieAt}`).toBe(old);
    await fleet.tick(HOUR - MINUTE);
    expect(fleet.is('builder1'), `died at ${dieAt}`).toBe(old);
    await fleet.tick(2 * MINUTE);
    await fleet.tick(MINUTE);
    expect(fleet.is('builder1'), `died at ${dieAt}`).toBe(changed);
  }
});

it('goes back in the end, wherever a host that took the change dies on the way', async () => {
  const halt = async () => {
    await begin('rollback');
    fleet.bad.set(changed, ['builder1']);
    await fleet.tick(MINUTE);
    await fleet.tick(HOUR + MINUTE);
    await fleet.tick(MINUTE, ['builder1']);
    expect([fleet.is('canary1'), fleet.is('builder1')]).toEqual([changed, old]);
  };
  await halt();
  const calls = await runDying('canary1', 0);
  expect(fleet.is('canary1')).toBe(old);
  for (let dieAt = 1; dieAt <= calls; dieAt += 1) {
    await halt();
    await runDying('canary1', dieAt);
    for (let times = 0; times < 3; times += 1) await fleet.tick(MINUTE);
    expect([fleet.is('canary1'), fleet.is('builder1')], `died at ${dieAt}`).toEqual([old, old]);
  }
});
