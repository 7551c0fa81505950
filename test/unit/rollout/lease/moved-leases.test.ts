/** Leases of a fleet that takes its branches from the infra repo to another repository: real Git. */
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { HOUR, MINUTE } from '../../../../reconciler/clock.ts';
import { addRemote, openRepository, REMOTE } from '../../../../reconciler/git/repository.ts';
import { emptyMemory, type Memory } from '../../../../reconciler/observed/memory.ts';
import { openLeases } from '../../../../reconciler/rollout/lease/open-leases.ts';
import { SKEW } from '../../../../reconciler/rollout/lease/slot.ts';

const NEED = { guests: ['azure-agent'], slots: 1, lasts: 10 * MINUTE };
let root: string;
let infra: string;
let accounts: string;
let now = Date.parse('2026-11-25T12:00:00Z');

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'boxreeve-moved-'));
  [infra, accounts] = [join(root, 'infra.git'), join(root, 'accounts.git')];
  for (const url of [infra, accounts]) await execa('git', ['init', '--quiet', '--bare', url]);
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(root, 'key')]);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

async function host(name: string) {
  const gitDir = join(root, `${name}.git`);
  await openRepository(gitDir, infra, true);
  let memory: Memory = emptyMemory(name);
  const reads: { repo: string | null } = { repo: null };
  return Object.assign(reads, {
    lease: () => memory.lease,
    leases: openLeases({
      config: { name, signingKey: join(root, 'key') },
      gitDir,
      repo: () => reads.repo,
      remote: async (repo) => (repo === null ? REMOTE : addRemote(gitDir, repo)),
      memory: {
        read: () => memory,
        update: async (change) => {
          memory = change(memory);
          return memory;
        },
      },
      clock: { now: () => now },
    })(null),
  });
}

async function slotIn(url: string): Promise<string> {
  const shown = await execa('git', ['show', 'boxreeve/lease-1:lease.json'], { cwd: url, reject: false });
  return shown.exitCode === 0 ? `${JSON.parse(shown.stdout).state}` : 'none';
}

it('a host that has read of the new place waits for one that has its lease in the old one', async () => {
  const [one, two] = [await host('builder1'), await host('builder2')];
  expect((await one.leases.hold(NEED)).state).toBe('held');
  two.repo = accounts;
  const why = /in the infra repo, slot 1 is with builder1 for azure-agent/;
  expect(await two.leases.peek(NEED)).toMatchObject({ why: expect.stringMatching(why) });
  expect(await two.leases.hold(NEED)).toMatchObject({ why: expect.stringMatching(why) });
  expect(await slotIn(accounts)).toBe('none');
  await one.leases.release();
  expect((await two.leases.hold(NEED)).state).toBe('held');
  expect(await slotIn(accounts)).toBe('held');
});

it('a host gives back in the old place what it has there, before it takes one in the new', async () => {
  const one = await host('builder1');
  await one.leases.hold(NEED);
  one.repo = accounts;
  expect((await one.leases.hold(NEED)).state).toBe('held');
  expect([await slotIn(infra), await slotIn(accounts)]).toEqual(['free', 'held']);
  await one.leases.release();
  expect(await slotIn(accounts)).toBe('free');
  expect(one.lease()).toBe(null);
});

it('a lease that is long over in the old place keeps nobody waiting', async () => {
  const [one, two] = [await host('builder1'), await host('builder2')];
  await one.leases.hold(NEED);
  two.repo = accounts;
  now += HOUR + SKEW;
  expect((await two.leases.hold(NEED)).state).toBe('held');
});

it('no lease is had in the new place while nobody can say who has one in the old', async () => {
  const two = await host('builder2');
  two.repo = accounts;
  renameSync(infra, `${infra}.away`);
  expect(await two.leases.hold(NEED)).toMatchObject({
    state: 'refused',
    why: expect.stringMatching(/^no lease: /),
  });
});
