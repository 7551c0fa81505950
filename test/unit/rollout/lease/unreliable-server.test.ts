/** Leases from a server that loses requests and answers: in memory over many histories, and from a real one that loses every third. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MINUTE } from '../../../../reconciler/clock.ts';
import { RemoteUnreachable } from '../../../../reconciler/errors.ts';
import { openRepository } from '../../../../reconciler/git/repository.ts';
import { gitLeases, type LeaseRefs } from '../../../../reconciler/rollout/lease/git-leases.ts';
import { leaseBranches } from '../../../../reconciler/rollout/lease/git-refs.ts';
import type { Leases } from '../../../../reconciler/rollout/lease/leases.ts';
import { SKEW } from '../../../../reconciler/rollout/lease/slot.ts';
import { type GitHttp, type Mishap, startGitHttp } from '../../../lab/git-http.ts';
import { modelRefs } from './model-refs.ts';

const START = Date.parse('2026-11-25T12:00:00Z');
const LASTS = 10 * MINUTE;

/** One host, whose process may end at any time and be started again. */
function host(name: string, refs: LeaseRefs, now: () => number) {
  const state = { remembered: false };
  let ids = 0;
  const leases: Leases = gitLeases({
    refs,
    host: name,
    now,
    newId: () => {
      ids += 1;
      return `${name} ${ids}`;
    },
    remembered: () => state.remembered,
    remember: async (held) => {
      state.remembered = held;
    },
  });
  return { name, leases, state };
}

async function released(leases: Leases): Promise<boolean> {
  try {
    await leases.release();
    return true;
  } catch (error) {
    if (error instanceof RemoteUnreachable) return false;
    throw error;
  }
}

/** What a history is made of: which hosts do what at once, how long before, and what befalls their next requests. */
const steps = fc.array(
  fc.record({
    who: fc.uniqueArray(fc.nat(3), { minLength: 1, maxLength: 3 }),
    does: fc.constantFrom('hold' as const, 'hold' as const, 'release' as const),
    guests: fc.integer({ min: 1, max: 2 }),
    minutes: fc.constantFrom(0, 0, 1, 4, 9, 40),
    mishaps: fc.array(fc.constantFrom<Mishap>('none', 'lost', 'answer-lost'), { maxLength: 4 }),
  }),
  { minLength: 5, maxLength: 40 },
);

describe('over a server that loses requests and answers', () => {
  it('never more hosts believe that they have a lease than there are, with clocks as far apart as they may be', async () => {
    await fc.assert(
      fc.asyncProperty(
        steps,
        fc.integer({ min: 1, max: 2 }),
        fc.array(fc.integer({ min: 0, max: SKEW }), { minLength: 4, maxLength: 4 }),
        async (history, slots, skews) => {
          const model = modelRefs();
          let now = START;
          let mishaps: Mishap[] = [];
          const befalls = () => mishaps.shift() ?? 'none';
          const hosts = skews.map((skew, at) => ({
            ...host(`builder${at}`, model.refs(befalls), () => now + skew),
            skew,
            /** Until when it may act on what it was told, by the true time, and with how many guests. */
            trusts: { until: 0, guests: 0 },
          }));
          for (const { who, does, guests, minutes, mishaps: next } of history) {
            now += minutes * MINUTE;
            mishaps = [...next];
            await Promise.all(
              who.map(async (at) => {
                const one = hosts[at];
                if (one === undefined) return;
                if (does === 'release') {
                  one.trusts = { until: 0, guests: 0 };
                  await released(one.leases);
                  return;
                }
                const names = Array.from({ length: Math.min(guests, slots) }, (_, index) => `guest${index}`);
                const answer = await one.leases.hold({ guests: names, slots, lasts: LASTS });
                if (answer.state === 'held') one.trusts = { until: now + LASTS, guests: names.length };
              }),
            );
            const down = hosts.filter(({ trusts }) => trusts.until > now);
            expect(down.reduce((sum, { trusts }) => sum + trusts.guests, 0)).toBeLessThanOrEqual(slots);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('every lease is to be had again once its holders have given back what they have', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (history) => {
        const model = modelRefs();
        let mishaps: Mishap[] = [];
        const hosts = [0, 1, 2, 3].map((at) =>
          host(
            `builder${at}`,
            model.refs(() => mishaps.shift() ?? 'none'),
            () => START,
          ),
        );
        for (const { who, mishaps: next } of history) {
          mishaps = [...next];
          const need = { guests: ['guest'], slots: 2, lasts: LASTS };
          await Promise.all(who.map((at) => hosts[at]?.leases.hold(need)));
        }
        mishaps = [];
        for (const { leases } of hosts) await leases.release();
        const [first] = hosts;
        expect(await first?.leases.hold({ guests: ['a', 'b'], slots: 2, lasts: LASTS })).toMatchObject({
          state: 'held',
        });
      }),
      { numRuns: 500 },
    );
  });
});

describe('over a real server that loses every third thing it is asked for, before or after it did it', () => {
  let root: string;
  let server: GitHttp;
  let asked = 0;

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'boxreeve-unreliable-'));
    await execa('git', ['init', '--quiet', '--bare', join(root, 'infra.git')]);
    await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(root, 'key')]);
    // what Git asks for once is two or three requests of HTTP, of which the first asks for the refs
    server = await startGitHttp(root, (url) => {
      const first = url.includes('/info/refs');
      if (first) asked += 1;
      if (asked % 3 !== 0) return 'none';
      if (asked % 6 === 0) return 'lost';
      return first ? 'none' : 'answer-lost';
    });
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(root, { recursive: true, force: true });
  });

  it('a push whose answer was lost is known to have taken', async () => {
    const gitDir = join(root, 'builder3.git');
    await openRepository(gitDir, `${server.url}/infra.git`, true);
    const parts = {
      gitDir,
      remote: () => 'origin',
      host: 'builder3',
      signingKey: join(root, 'key'),
      now: Date.now,
    };
    // the third thing it is asked for from here on: a push
    asked = 1;
    const refs = leaseBranches(parts);
    await refs.list();
    const id = await refs.swap(9, null, { state: 'free', token: 1, nonce: 'n' });
    expect((await refs.list()).get(9)?.id).toBe(id);
  });

  it('a slot goes round between two hosts, one at a time, each with a greater number', async () => {
    const hosts = await Promise.all(
      ['builder1', 'builder2'].map(async (name) => {
        const gitDir = join(root, `${name}.git`);
        await openRepository(gitDir, `${server.url}/infra.git`, true);
        const parts = {
          gitDir,
          remote: () => 'origin',
          host: name,
          signingKey: join(root, 'key'),
          now: Date.now,
        };
        return host(name, leaseBranches(parts), Date.now);
      }),
    );
    const had: number[] = [];
    let holder: string | null = null;
    for (let turn = 0; had.length < 6; turn += 1) {
      expect(turn, 'turns').toBeLessThan(200);
      const one = hosts[turn % 2];
      if (one === undefined) throw new Error('there is no host');
      const answer = await one.leases.hold({ guests: ['azure-agent'], slots: 1, lasts: LASTS });
      if (answer.state === 'refused') continue;
      expect(holder === null || holder === one.name).toBe(true);
      holder = one.name;
      const token = answer.lease.slots[0]?.token ?? 0;
      if (had.at(-1) !== token) had.push(token);
      if (await released(one.leases)) holder = null;
    }
    expect(had).toEqual(had.toSorted((a, b) => a - b));
    expect(new Set(had).size).toBe(had.length);
  });
});
