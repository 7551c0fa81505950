/** What is broken while it is paused or held, over the real reconcile. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HOUR } from '../../../reconciler/clock.ts';
import type { HostSpec } from '../../../reconciler/desired/spec.ts';
import { type Report, reconcile } from '../../../reconciler/reconcile.ts';
import { box, guest, host, rolloutOf } from '../plan/builders.ts';
import { newProcess, newWorld, type World } from '../reconcile/model-world.ts';

const [FIRST, NEXT] = ['a'.repeat(40), 'b'.repeat(40)];
const REQUEST = { trigger: 'poll', forceWindow: false, holdDrain: true } as const;
const OLD = guest({ window: null });
const NEW = guest({ window: null, box: box('2022.2.24') });
const ROLLOUT = rolloutOf();
let world: World;
let until: number;

beforeEach(async () => {
  world = newWorld();
  world.tip = FIRST;
  world.specs.set(FIRST, host([OLD], { window: null }));
  await run();
  until = world.now + HOUR;
});
afterEach(() => world.dispose());

async function run(): Promise<Report> {
  const { signal } = new AbortController();
  const { host: ports } = newProcess(world, 0);
  // it is alone in its fleet, so no wave holds it
  const guests = new Map([['azure-agent', NEW.fingerprint]]);
  const facts = async () => ({
    ...{ members: [{ name: 'builder1', labels: [], guests, broken: null }], guestCount: 1, keys: new Map() },
    changes: new Map([['azure-agent', 'c'.repeat(64)]]),
  });
  return reconcile({ ...ports, words: { ...ports.words, facts } }, { ...REQUEST, signal });
}

/** The change has come, and the guest is held as it is. */
function hold(rollout: HostSpec['rollout'] = null): void {
  const place = 'desired-state/fleet.yaml:12:5';
  const holds = [{ guest: 'azure-agent', reason: 'release week', until, place }];
  world.specs.set(NEXT, host([NEW], { window: null, holds, rollout }));
  world.tip = NEXT;
}

function machine(state: 'gone' | 'stopped'): void {
  world.seen = {
    ...world.seen,
    boxes: world.seen.boxes.map((each) => (state === 'gone' ? { ...each, usedBy: [] } : each)),
    guests: world.seen.guests.map((seen) =>
      state === 'gone' || seen.machine.state !== 'present'
        ? { ...seen, machine: { state: 'absent' }, builtFrom: null }
        : { ...seen, machine: { ...seen.machine, power: 'stopped' } },
    ),
  };
}

const is = () => world.seen.guests[0]?.builtFrom?.spec.fingerprint;

describe.each([
  { fleet: 'without a roll-out', rollout: null },
  { fleet: 'with one', rollout: ROLLOUT },
])('a guest that is held, in a fleet $fleet', ({ rollout }) => {
  it('is left as it is while it runs', async () => {
    hold(rollout);
    expect((await run()).pending.map(({ action }) => action.id)).toContain('rebuild-guest azure-agent');
    expect(is()).toBe(OLD.fingerprint);
  });

  it('comes back as it was, if its machine is gone', async () => {
    hold(rollout);
    machine('gone');
    await run();
    expect(is()).toBe(OLD.fingerprint);
  });

  it('is started, if it is stopped', async () => {
    hold(rollout);
    machine('stopped');
    await run();
    expect(world.seen.guests[0]?.machine).toMatchObject({ power: 'running' });
    expect(is()).toBe(OLD.fingerprint);
  });
});

it.each([null, ROLLOUT])(
  'a guest that came back while it was held takes the change afterwards',
  async (rollout) => {
    hold(rollout);
    machine('gone');
    await run();
    world.now = until;
    await run();
    expect(is()).toBe(NEW.fingerprint);
  },
);

it('a guest that never worked here is built as the commit asks for it, held or not', async () => {
  hold();
  machine('gone');
  world.seen = { ...world.seen, guests: world.seen.guests.map((seen) => ({ ...seen, lastGood: null })) };
  await run();
  expect(is()).toBe(NEW.fingerprint);
});
