/** A host that lost its memory, before a branch that was rewound in the meantime. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { InvalidDesiredState, RemoteUnreachable, UntrustedCommit } from '../../../reconciler/errors.ts';
import { emptyMemory } from '../../../reconciler/observed/memory.ts';
import { type Report, reconcile } from '../../../reconciler/reconcile.ts';
import { guest, host } from '../plan/builders.ts';
import { newProcess, newWorld, type World } from './model-world.ts';

const OLD = 'a'.repeat(40);
const NEW = 'b'.repeat(40);
let world: World;
/** What each check of trust was asked, tip and the commit gone by. */
let checks: [string, string | null][];

/** A commit whose key host.yaml revoked. */
let revoked: string | null;

beforeEach(async () => {
  world = newWorld();
  checks = [];
  for (const commit of [OLD, NEW]) world.specs.set(commit, host([guest({ window: null })], { window: null }));
  world.tip = NEW;
  await run();
  world.memory = emptyMemory('builder1');
  world.tip = OLD;
  checks = [];
  revoked = null;
});
afterEach(() => world.dispose());

async function run(lastFollowed?: () => Promise<string | null>): Promise<Report> {
  const { host: ports } = newProcess(world, 0);
  const audit = lastFollowed === undefined ? ports.audit : { ...ports.audit, lastFollowed };
  const trust: typeof ports.trust = {
    check: async (tip, applied) => {
      checks.push([tip, applied]);
      if (tip === OLD && applied === NEW)
        throw new UntrustedCommit(tip, 'the branch was rewound or rewritten');
      if (tip === revoked) throw new UntrustedCommit(tip, 'is signed by a key that was revoked');
    },
  };
  const request = { forceWindow: false, holdDrain: true, signal: new AbortController().signal };
  return reconcile({ ...ports, audit, trust }, { trigger: 'poll', ...request });
}

it('goes on from the commit on its own record, and refuses the older one', async () => {
  const { accepted } = await run();
  // the tip against it, and it against what has been revoked
  expect(checks).toEqual([
    [OLD, NEW],
    [NEW, NEW],
  ]);
  expect(accepted.refusal?.commit).toBe(OLD);
  expect(accepted.desired?.commit).toBe(NEW);
  expect(world.memory.applied?.commit).toBe(NEW);
});

it('takes nothing for a first contact while its account cannot be had', async () => {
  const { accepted } = await run(() => Promise.reject(new RemoteUnreachable('away')));
  expect(accepted).toEqual({ desired: null, refusal: null, offline: 'away', resting: null });
  expect(checks).toEqual([]);
});

it('refuses a tip that does not say where its account is', async () => {
  const error = new InvalidDesiredState([{ place: { file: 'fleet.yaml' }, message: 'is missing' }]);
  const { accepted } = await run(() => Promise.reject(error));
  expect(accepted).toEqual({ desired: null, refusal: { commit: OLD, error }, offline: null, resting: null });
  expect(checks).toEqual([]);
});

it('meets the infra repo for the first time if it has no account', async () => {
  const { accepted } = await run(async () => null);
  expect(checks).toEqual([[OLD, null]]);
  expect(accepted.desired?.commit).toBe(OLD);
});

it('does nothing by the commit it went by once the key of that is revoked, though the branch did not move', async () => {
  world.tip = NEW;
  await run();
  revoked = NEW;
  const { accepted, seen, records } = await run();
  expect([accepted.desired, accepted.refusal?.commit, seen]).toEqual([null, NEW, null]);
  expect(records.map(({ kind, notes }) => [kind, notes])).toEqual([
    ['refused', ['is signed by a key that was revoked']],
  ]);
  revoked = null;
  expect((await run()).accepted.desired?.commit).toBe(NEW);
});
