/**
 * A roll-out over three hosts, each with the real daemon, real Git, real Vagrant and a real guest: a canary first, a change that
 * does not work, and the one that puts it right.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditRecord } from '../../reconciler/audit/record.ts';
import { GOOD_INIT, GUEST, writeBoxes, writeFleet, writeGuest, writeHost } from '../lab/desired-state.ts';
import { type InfraRepo, newInfraRepo } from '../lab/infra-repo.ts';
import { type Lab, openLab } from '../lab/lab.ts';
import { newSceneHost, type Running, type SceneHost } from '../lab/scene.ts';
import { waitFor } from '../lab/wait-for.ts';

const CANARY = 'builder1';
const OTHERS = ['builder2', 'builder3'] as const;
const NAMES = [CANARY, ...OTHERS] as const;
const SOAK = 6;
const VERSION = '2022.2.17';
const BAD_INIT = '#!/bin/bash\necho "no such tool: nix" >&2\nexit 1\n';

type Name = (typeof NAMES)[number];

let repo: InfraRepo;
const labs: Lab[] = [];
const hosts = new Map<Name, { readonly lab: Lab; readonly host: SceneHost }>();
const running: Running[] = [];

beforeAll(async () => {
  for (const name of NAMES) {
    const lab = await openLab();
    labs.push(lab);
    if (name === CANARY) repo = await newInfraRepo(lab.folder);
    const secrets = { VSTS_TOKEN: `rollout-token-${name}` };
    const options = { host: name, secrets, poll: '2s' };
    hosts.set(name, { lab, host: await newSceneHost(lab, lab.folder, repo.url, options, running) });
  }
  writeFleet(
    repo,
    'always',
    `rollout:\n  waves:\n    - { hosts: { host: ${CANARY} }, soak: ${SOAK}s }\n  maxUnavailable: 1\n  haltAfterFailures: 1\n`,
  );
  for (const name of NAMES) writeHost(repo, at(name).host);
  writeBoxes(repo, { [VERSION]: await at(CANARY).lab.box({ label: 'e2e-old' }) });
  writeGuest(repo, { version: VERSION });
  await repo.merge('Declare three hosts (#1)');
  for (const name of NAMES) at(name).host.daemon();
});
afterAll(async () => {
  for (const daemon of running) {
    daemon.kill('SIGTERM');
    await daemon.ended;
  }
  for (const lab of labs) await lab.dispose();
});

describe('a roll-out', () => {
  it('begins with its canary, and goes on when that was healthy for the soak, by its own record', async () => {
    await waitFor('every guest', async () => (await built()).length === NAMES.length);
    const [first, ...later] = (await built()).toSorted((a, b) => a.began - b.began);
    expect(first?.name).toBe(CANARY);
    for (const { began } of later) expect(began - (first?.ended ?? 0)).toBeGreaterThanOrEqual(SOAK * 1000);
    // in the record of the box that it fetched meanwhile, or in one of its own
    const gates = (await records('builder2')).flatMap((record) => record.gates);
    const waited = gates.find(({ kind }) => kind === 'wave');
    expect(waited?.detail).toMatch(/^waiting for wave 1: builder1 /);
  });

  it('of a change that does not work halts at the canary, which goes back, and the others never move', async () => {
    const before = await machines();
    const commit = await merge('Break the init script (#2)', BAD_INIT);
    await waitFor('the halt', async () => (await records(CANARY)).some(({ kind }) => kind === 'halted'));
    for (const name of OTHERS)
      await waitFor(`${name} to say why it waits`, async () =>
        (await goneBy(name, commit)).some(({ gates }) =>
          gates.some(({ detail }) => detail.includes('halted')),
        ),
      );
    const now = await machines();
    for (const name of OTHERS) expect(now.get(name)).toEqual(before.get(name));
    // the canary went back to what had worked
    expect((await goneBy(CANARY, commit)).find(({ kind }) => kind === 'applied')).toMatchObject({
      outcome: 'rolled-back',
      progress: { [GUEST]: { state: 'failed' } },
    });
    for (const name of OTHERS)
      expect((await goneBy(name, commit)).flatMap(({ actions }) => actions)).toEqual([]);
  });

  it('that is halted is explained by plan and by rollout status, on a host that waits', async () => {
    const { host } = at('builder3');
    const { exitCode, document } = await host.json('plan', '--detailed-exitcode');
    expect(exitCode).toBe(2);
    expect(document).toMatchObject({
      actions: [
        { kind: 'rebuild-guest', gates: [{ kind: 'wave', detail: expect.stringContaining('halted') }] },
      ],
    });
    expect((await host.boxreeve('rollout', 'status')).stdout).toMatch(/halted[\s\S]*builder1/);
  });

  it('goes through with the commit that puts it right, one guest at a time', async () => {
    const commit = await merge('Mend the init script (#3)', `${GOOD_INIT}# mended\n`);
    await waitFor('every host on it', async () => (await built(commit)).length === NAMES.length);
    const builds = (await built(commit)).toSorted((a, b) => a.began - b.began);
    expect(builds[0]?.name).toBe(CANARY);
    for (const [index, { began, name }] of builds.entries()) {
      const previous = builds[index - 1];
      if (previous === undefined) continue;
      expect(began, `${name} after ${previous.name}`).toBeGreaterThanOrEqual(previous.ended);
    }
    const leases = (await Promise.all(NAMES.map((name) => goneBy(name, commit))))
      .flat()
      .flatMap(({ lease }) => lease?.slots ?? []);
    expect(leases).toHaveLength(NAMES.length);
    expect(new Set(leases.map(({ token }) => token)).size).toBe(NAMES.length);
  });

  it('leaves an account that anybody can verify', async () => {
    await waitFor('all records on the remote', async () =>
      (await Promise.all(NAMES.map((name) => at(name).host.json('status')))).every(({ document }) =>
        JSON.stringify(document).includes('"unpushed":0'),
      ),
    );
    const { exitCode, document } = await at('builder2').host.json('audit', 'verify');
    expect({ exitCode, document }).toMatchObject({ exitCode: 0 });
  });
});

function at(name: Name): { readonly lab: Lab; readonly host: SceneHost } {
  const found = hosts.get(name);
  if (found === undefined) throw new Error(`there is no host ${name}`);
  return found;
}

async function merge(subject: string, init: string): Promise<string> {
  writeGuest(repo, { version: VERSION, init });
  return repo.merge(subject);
}

/** What a host has recorded and pushed, the oldest first. */
async function records(name: Name): Promise<readonly AuditRecord[]> {
  const branches = await repo.remoteGit('branch', '--list', `audit/${name}`);
  if (branches.trim() === '') return [];
  const files = await repo.remoteGit('ls-tree', '-r', '--name-only', `audit/${name}`, 'audit/');
  const found: AuditRecord[] = [];
  for (const file of files.split('\n')) {
    const record: AuditRecord = JSON.parse(await repo.remoteGit('show', `audit/${name}:${file}`));
    found.push(record);
  }
  return found.toSorted((a, b) => a.sequence - b.sequence);
}

/** Those that went by a commit. */
async function goneBy(name: Name, commit: string): Promise<readonly AuditRecord[]> {
  return (await records(name)).filter(({ desired }) => desired?.commit === commit);
}

type Build = { readonly name: Name; readonly began: number; readonly ended: number };

/** The first build of each host that succeeded, of a commit or of any; ms since the epoch. */
async function built(commit?: string): Promise<readonly Build[]> {
  const all = await Promise.all(
    NAMES.map(async (name) => {
      const mine = commit === undefined ? await records(name) : await goneBy(name, commit);
      const action = mine
        .flatMap(({ actions }) => actions)
        .find(({ kind, result }) => /^(create|rebuild)-guest$/.test(kind) && result === 'done');
      const began = Date.parse(action?.start ?? '');
      return action === undefined ? [] : [{ name, began, ended: began + action.durationMs }];
    }),
  );
  return all.flat();
}

/** Names of the containers of each host. */
async function machines(): Promise<ReadonlyMap<Name, readonly string[]>> {
  return new Map(
    await Promise.all(NAMES.map(async (name) => [name, await at(name).lab.containers()] as const)),
  );
}
