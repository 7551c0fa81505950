/** The same rules over slots in memory and over branches of a real repository. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOUR, MINUTE } from '../../../../reconciler/clock.ts';
import { openRepository } from '../../../../reconciler/git/repository.ts';
import { gitLeases, type LeaseRefs } from '../../../../reconciler/rollout/lease/git-leases.ts';
import { leaseBranches } from '../../../../reconciler/rollout/lease/git-refs.ts';
import type { LeaseAnswer, Leases } from '../../../../reconciler/rollout/lease/leases.ts';
import { SKEW } from '../../../../reconciler/rollout/lease/slot.ts';
import { modelRefs } from './model-refs.ts';

const START = Date.parse('2026-11-25T12:00:00Z');
const NEED = { guests: ['azure-agent'], slots: 1, lasts: 10 * MINUTE };

/** A host with its own clock. */
type Holder = { readonly leases: Leases; now: number; remembered: boolean };

type Place = {
  refs(host: string, now: () => number): Promise<LeaseRefs>;
  damage(slot: number): Promise<void>;
  remove(slot: number): Promise<void>;
};

function holder(host: string, refs: LeaseRefs, clock: { now: number }): Holder {
  let ids = 0;
  const self: Holder = {
    now: START,
    remembered: false,
    leases: gitLeases({
      refs,
      host,
      now: () => clock.now,
      newId: () => {
        ids += 1;
        return `${host} ${ids}`;
      },
      remembered: () => self.remembered,
      remember: async (held) => {
        self.remembered = held;
      },
    }),
  };
  return self;
}

function tokens(answer: LeaseAnswer): readonly number[] {
  return answer.state === 'held' ? answer.lease.slots.map(({ token }) => token) : [];
}

describe.each([
  ['slots in memory', inMemory],
  ['branches of a repository', inRepository],
])('leases over %s', (_name, open) => {
  let root: string;
  let place: Place;
  const clocks = new Map<string, { now: number }>();

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'boxreeve-leases-'));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  async function host(name: string): Promise<Holder & { readonly clock: { now: number } }> {
    const clock = { now: START };
    clocks.set(name, clock);
    return Object.assign(holder(name, await place.refs(name, () => clock.now), clock), { clock });
  }

  async function fresh(): Promise<void> {
    place = await open(mkdtempSync(join(root, 'place-')));
  }

  it('are had by one, refused to the other with who has it, and had by the other after that', async () => {
    await fresh();
    const [one, other] = [await host('builder1'), await host('builder2')];
    expect(tokens(await one.leases.hold(NEED))).toEqual([1]);
    expect(one.remembered).toBe(true);
    const refused = await other.leases.hold(NEED);
    expect(refused).toEqual({
      state: 'refused',
      why: 'no lease: slot 1 is with builder1 for azure-agent until 2026-11-25T12:20:00.000Z',
    });
    expect(other.remembered).toBe(false);
    expect(await other.leases.peek(NEED)).toEqual(refused);
    await one.leases.release();
    expect(one.remembered).toBe(false);
    expect(tokens(await other.leases.hold(NEED))).toEqual([2]);
  });

  it('are gone on with by who has them, and made longer only where they would end too soon', async () => {
    await fresh();
    const one = await host('builder1');
    const other = await host('builder2');
    await one.leases.hold(NEED);
    one.clock.now += 15 * MINUTE;
    expect(tokens(await one.leases.hold(NEED))).toEqual([1]);
    other.clock.now += 25 * MINUTE;
    // by the first one's new end
    expect(await other.leases.peek(NEED)).toMatchObject({ why: expect.stringContaining('12:35:00') });
  });

  it('of a host that is gone are taken over when they have been over for as long as clocks may differ', async () => {
    await fresh();
    const [gone, other] = [await host('builder1'), await host('builder2')];
    await gone.leases.hold(NEED);
    other.clock.now += 20 * MINUTE + SKEW;
    expect(await other.leases.hold(NEED)).toMatchObject({ state: 'refused' });
    other.clock.now += 1;
    expect(tokens(await other.leases.hold(NEED))).toEqual([2]);
    // it comes back, and neither goes on nor gives back what is another's now
    gone.clock.now = other.clock.now;
    expect(await gone.leases.hold(NEED)).toMatchObject({ state: 'refused' });
    await gone.leases.release();
    expect(tokens(await other.leases.hold(NEED))).toEqual([2]);
  });

  it('that several guests need are had together, or none of them', async () => {
    await fresh();
    const [one, other] = [await host('builder1'), await host('builder2')];
    const two = { ...NEED, slots: 3, guests: ['a', 'b'] };
    expect(tokens(await one.leases.hold(two))).toHaveLength(2);
    expect(await other.leases.hold(two)).toMatchObject({
      state: 'refused',
      why: expect.stringMatching(/\(2 of 3 are taken\)$/),
    });
    expect(tokens(await other.leases.hold({ ...two, guests: ['a'] }))).toHaveLength(1);
  });

  it('that are not all to be had after all are given back', async () => {
    await fresh();
    const one = await host('builder1');
    const refs = await place.refs('builder1', () => START);
    let swaps = 0;
    // another is first at the second slot
    const beaten: LeaseRefs = {
      ...refs,
      swap: async (...swap) => {
        swaps += 1;
        return swaps === 2 ? null : refs.swap(...swap);
      },
    };
    const two = { ...NEED, slots: 2, guests: ['a', 'b'] };
    expect(await holder('builder1', beaten, one.clock).leases.hold(two)).toMatchObject({ state: 'refused' });
    expect((await one.leases.peek({ ...two, slots: 1 })).state).toBe('held');
    expect(tokens(await (await host('builder2')).leases.hold(two))).toHaveLength(2);
  });

  it('are all that there are, for a host with more guests than that', async () => {
    await fresh();
    const one = await host('builder1');
    expect(tokens(await one.leases.hold({ ...NEED, slots: 2, guests: ['a', 'b', 'c'] }))).toHaveLength(2);
  });

  it('count as taken where nobody can read whose they are, and say what to do', async () => {
    await fresh();
    const one = await host('builder1');
    await one.leases.hold(NEED);
    await place.damage(1);
    const other = await host('builder2');
    other.clock.now += 100 * HOUR;
    expect(await other.leases.hold(NEED)).toEqual({
      state: 'refused',
      why: 'no lease: slot 1 cannot be read: somebody wrote into the branch boxreeve/lease-1; delete it there if no host is at work',
    });
  });

  it('are to be had, counted from 1 again, once somebody has deleted what stood there', async () => {
    await fresh();
    const [one, other] = [await host('builder1'), await host('builder2')];
    await one.leases.hold(NEED);
    expect(await other.leases.hold(NEED)).toMatchObject({ state: 'refused' });
    await place.remove(1);
    expect(tokens(await other.leases.hold(NEED))).toEqual([1]);
  });

  it('are had by as many hosts as there are slots, however many ask at once', async () => {
    await fresh();
    const hosts = await Promise.all(Array.from({ length: 6 }, (_, at) => host(`builder${at}`)));
    const answers = await Promise.all(hosts.map(({ leases }) => leases.hold({ ...NEED, slots: 2 })));
    expect(answers.filter(({ state }) => state === 'held').length).toBeLessThanOrEqual(2);
    // those that were in each other's way give way: whoever asks alone then, gets what is left
    const again = await Promise.all(
      hosts.map(async ({ leases }) => (await leases.peek({ ...NEED, slots: 2 })).state),
    );
    expect(again).toContain('held');
  });
});

it('a branch of a size that no host writes is not read', async () => {
  const root = mkdtempSync(join(tmpdir(), 'boxreeve-leases-'));
  try {
    const refs = await (await inRepository(root)).refs('builder1', () => START);
    await refs.swap(1, null, { state: 'free', token: 1, nonce: 'n'.repeat(64 * 1024) });
    expect([...(await refs.list()).values()]).toMatchObject([{ slot: 'unreadable' }]);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

async function inMemory(): Promise<Place> {
  const model = modelRefs();
  return {
    refs: async () => model.refs(),
    damage: async (slot) => {
      model.slots.set(slot, { id: 'damage', slot: 'unreadable' });
    },
    remove: async (slot) => {
      model.slots.delete(slot);
    },
  };
}

async function inRepository(root: string): Promise<Place> {
  const remote = join(root, 'infra.git');
  await execa('git', ['init', '--quiet', '--bare', remote]);
  const key = join(root, 'key');
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  return {
    refs: async (host, now) => {
      const gitDir = join(root, `${host}.git`);
      if (!existsSync(gitDir)) await openRepository(gitDir, remote, true);
      return leaseBranches({ gitDir, remote: () => 'origin', host, signingKey: key, now });
    },
    remove: async (slot) => {
      await execa('git', [`--git-dir=${remote}`, 'update-ref', '-d', `refs/heads/boxreeve/lease-${slot}`]);
    },
    damage: async (slot) => {
      const tree = await execa('git', [`--git-dir=${remote}`, 'mktree'], { input: '' });
      const who = { NAME: 'x', EMAIL: 'x@example.org' };
      const env = Object.fromEntries(
        Object.entries(who).flatMap(([name, value]) => [
          [`GIT_AUTHOR_${name}`, value],
          [`GIT_COMMITTER_${name}`, value],
        ]),
      );
      const commit = await execa('git', [`--git-dir=${remote}`, 'commit-tree', '-m', 'x', tree.stdout], {
        env,
      });
      await execa('git', [
        `--git-dir=${remote}`,
        'update-ref',
        `refs/heads/boxreeve/lease-${slot}`,
        commit.stdout,
      ]);
    },
  };
}
