/** A host of a large fleet, which does not come to the remote at every poll. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { HOUR, MINUTE } from '../../../reconciler/clock.ts';
import { remoteContact } from '../../../reconciler/daemon/remote-contact.ts';
import type { HostSpec } from '../../../reconciler/desired/spec.ts';
import { RemoteUnreachable } from '../../../reconciler/errors.ts';
import type { Host, RemoteContact } from '../../../reconciler/host-ports.ts';
import { type Report, reconcile } from '../../../reconciler/reconcile.ts';
import { guest, host, rolloutOf } from '../plan/builders.ts';
import { newProcess, newWorld, type World } from './model-world.ts';

const COMMIT = 'a'.repeat(40);
let world: World;
let contact: RemoteContact;
let fetches: number;
let away: boolean;

beforeEach(() => {
  world = newWorld();
  world.tip = COMMIT;
  contact = remoteContact({ now: () => world.now, sleep: async () => undefined }, () => 0.5);
  fetches = 0;
  away = false;
});
afterEach(() => world.dispose());

async function poll(
  fleetSize: number,
  trigger: 'poll' | 'manual' = 'poll',
  change: Partial<HostSpec> = {},
): Promise<Report> {
  const guests = change.guests ?? [guest({ window: null })];
  world.specs.set(COMMIT, host(guests, { window: null, fleetSize, ...change }));
  const { host: ports } = newProcess(world, 0);
  const fetch: Host['mirror']['fetch'] = async () => {
    fetches += 1;
    if (away) throw new RemoteUnreachable('away');
    return world.tip;
  };
  const asked = { forceWindow: false, holdDrain: true, signal: new AbortController().signal };
  return reconcile({ ...ports, contact, mirror: { ...ports.mirror, fetch } }, { trigger, ...asked });
}

it('asks at every poll in a fleet that is not large', async () => {
  await poll(8);
  world.now += MINUTE;
  await poll(8);
  expect(fetches).toBe(2);
});

it('puts drift right while others have their turn, and asks again in its own', async () => {
  await poll(10_000);
  world.now += MINUTE;
  const between = await poll(10_000);
  expect(between.accepted).toMatchObject({ offline: null, resting: expect.stringContaining('take turns') });
  expect(between.seen).not.toBeNull();
  expect(fetches).toBe(1);
  world.now += HOUR;
  expect((await poll(10_000)).accepted.resting).toBeNull();
  expect(fetches).toBe(2);
});

it('asks at once for a person, and while a lease is held', async () => {
  await poll(10_000);
  await poll(10_000, 'manual');
  expect(fetches).toBe(2);
  world.memory = { ...world.memory, lease: { fleetLock: null } };
  await poll(10_000);
  expect(fetches).toBe(3);
});

it('leaves it alone for longer while it waits for others, whose records it reads besides', async () => {
  world.memory = { ...world.memory, waiting: 'wave 1' };
  await poll(10_000, 'poll', { guests: [], rollout: rolloutOf({}) });
  world.now += HOUR / 2;
  await poll(10_000, 'poll', { guests: [], rollout: rolloutOf({}) });
  expect(fetches).toBe(1);
  world.now += HOUR / 2;
  await poll(10_000, 'poll', { guests: [], rollout: rolloutOf({}) });
  expect(fetches).toBe(2);
});

it('does not take a remote that is away for one that has others to serve', async () => {
  away = true;
  await poll(10_000);
  const next = await poll(10_000);
  expect(next.accepted).toMatchObject({ offline: 'away', resting: null });
});
