/** Actions carried out for real on modelled Vagrant, by a process that dies at every call. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GuestSpec } from '../../../reconciler/desired/spec.ts';
import { peekMemory } from '../../../reconciler/observed/memory-store.ts';
import { rebootAction } from '../../../reconciler/plan/reboot.ts';
import { Died, dyingAt, immortal, type ModelHost, NAME, openModelHost } from '../../model/applying.ts';

let model: ModelHost;

beforeEach(async () => {
  model = await openModelHost();
});
afterEach(() => model.dispose());

/** One machine, of the right box and init, proven; and no box besides. */
function expectRight(spec: GuestSpec, where: string): void {
  const machines = [...model.vagrant.machines.values()];
  expect(machines.length, where).toBe(1);
  expect(machines[0], where).toMatchObject({ box: { version: spec.box.version }, running: true });
  expect(machines[0]?.content, where).toBe(`box ${spec.box.version}`);
  const memory = model.memoryOf();
  expect(memory?.built?.machineId, where).toBe(machines[0]?.id);
  expect(memory?.built?.spec.fingerprint, where).toBe(spec.fingerprint);
  expect(memory?.good?.spec.fingerprint, where).toBe(spec.fingerprint);
  expect(memory?.building, where).toBeNull();
}

async function calls(first: readonly GuestSpec[], then: readonly GuestSpec[]): Promise<number> {
  await model.converge(first);
  const life = immortal();
  await model.apply((await model.plan(then)).actions, life);
  return life.calls;
}

async function restart(): Promise<void> {
  await model.dispose();
  model = await openModelHost();
}

/** Lets the process die at each so-manyth call of carrying out the change, and a fresh one put it right. @returns how many there are */
async function dieEverywhere(
  first: (host: ModelHost) => GuestSpec | null,
  then: (host: ModelHost) => GuestSpec,
  step: number,
): Promise<number> {
  const made = (spec: GuestSpec | null) => (spec === null ? [] : [spec]);
  const last = await calls(made(first(model)), [then(model)]);
  expectRight(then(model), 'undisturbed');
  for (let at = 1; at <= last; at += step) {
    await restart();
    await model.converge(made(first(model)));
    const { actions } = await model.plan([then(model)]);
    // one that dies within an action is caught as that action's failure, as a port's error is; the process does no more all the same
    await model.apply(actions, dyingAt(at)).catch((error: unknown) => {
      if (!(error instanceof Died)) throw error;
    });
    await model.converge([then(model)]);
    expectRight(then(model), `died at call ${at} of ${last}`);
  }
  return last;
}

describe('a process that dies at any call', () => {
  it('while it creates a guest', async () => {
    const last = await dieEverywhere(
      () => null,
      (host) => host.guest(),
      1,
    );
    expect(last).toBeGreaterThan(10);
  }, 120_000);

  it('while it rebuilds one on another box, with another init', async () => {
    const before = (host: ModelHost) => host.guest();
    const after = (host: ModelHost) => host.guest({ box: host.box('2.0.0'), init: 'echo other' });
    expect(await dieEverywhere(before, after, 2)).toBeGreaterThan(15);
  }, 120_000);
});

describe('an init that fails', () => {
  it('is gone back from, and what worked is what runs', async () => {
    const good = model.guest();
    await model.converge([good]);
    const bad = model.guest({ init: 'exit 3' });
    const done = await model.converge([bad]);
    expect(done.some((line) => line.includes('failed'))).toBe(true);
    expectRight(good, 'after the failure');
    expect(model.memoryOf(NAME)?.failed?.fingerprint).toBe(bad.fingerprint);
  }, 60_000);
});

describe('a reboot for which a guest cannot be shut down', () => {
  it('is noted as one that failed, so that guests do not go down and up at every poll', async () => {
    model.secrets.set('TOKEN', 't0ken-value');
    await model.converge([model.guest({ secrets: ['TOKEN'] })]);
    model.secrets.delete('TOKEN');
    const reboot = rebootAction({ bootId: 'boot', named: 'x', reason: 'reboot after x', before: 'up' });
    expect(await model.apply([reboot])).toMatchObject([{ result: 'failed' }]);
    const known = peekMemory(model.dirs.memory, 'builder1')?.reboot;
    expect(known).toEqual({ asked: null, after: null, failedAt: expect.stringMatching(/^\d{4}-/) });
  });
});
