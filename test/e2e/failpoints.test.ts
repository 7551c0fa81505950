/**
 * The reconciler is killed at every named place of a build, one after the other, on one host: each time the next run converges,
 * with one guest, and in the end the account is whole with one record an attempt.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GOOD_INIT, writeBoxes, writeFleet, writeGuest, writeHost } from '../lab/desired-state.ts';
import { type Lab, openLab } from '../lab/lab.ts';
import { newScene, type Scene } from '../lab/scene.ts';

let lab: Lab;
let scene: Scene;

beforeAll(async () => {
  lab = await openLab();
  scene = await newScene(lab, { host: 'points1', secrets: { VSTS_TOKEN: 'canary-d3d9446802a4' } });
  writeFleet(scene.repo);
  writeHost(scene.repo, scene.host);
  writeBoxes(scene.repo, {
    '2022.2.17': await lab.box({ label: 'e2e-old' }),
    '2022.2.24': await lab.box({ label: 'e2e-new' }),
  });
});
afterAll(async () => {
  await scene?.dispose();
  await lab?.dispose();
});

/** Merges a change, and kills the reconciler where it is named. */
async function killedAt(point: string, init: string, version = '2022.2.24'): Promise<void> {
  writeGuest(scene.repo, { version, init });
  await scene.repo.merge(`Change to be cut at ${point}`);
  const killed = await scene.host.start(['sync'], { BOXREEVE_FAILPOINT: point }).ended;
  expect(killed.exitCode, `the reconciler passed ${point}`).toBe(undefined);
}

async function converges(): Promise<void> {
  const { exitCode, stdout, stderr } = await scene.host.boxreeve('sync');
  expect(`${exitCode}\n${exitCode === 0 ? '' : stdout + stderr}`).toBe('0\n');
  expect(await lab.containers()).toHaveLength(1);
  expect((await scene.host.json('status')).document).toMatchObject({ state: 'in-sync', unpushed: 0 });
}

const POINTS = [
  'box-added',
  'box-marked',
  'build-begun',
  'machine-ended',
  'files-written',
  'machine-up',
  'before-proven',
  'proven',
];

for (const point of POINTS) {
  it(`killed at ${point}, it converges`, async () => {
    // only the first build adds the first box; all after it go by the second
    await killedAt(point, `${GOOD_INIT}# ${point}\n`, point === POINTS[0] ? '2022.2.17' : '2022.2.24');
    await converges();
  });
}

it('killed when a failure was just remembered, it goes back to what last worked', async () => {
  await killedAt('failure-remembered', '#!/bin/bash\nexit 5\n');
  expect((await scene.host.json('sync')).document).toMatchObject({
    exitCode: 1,
    actions: [{ kind: 'rebuild-guest', result: 'done' }],
  });
  expect(await lab.containers()).toHaveLength(1);
});

it('the account has one record for each attempt, and verifies', async () => {
  const { document } = await scene.host.json('audit', 'log', '--limit', '100');
  const { records }: { records: { sequence: number; kind: string; outcome: string; id: string }[] } =
    JSON.parse(JSON.stringify(document));
  const applied = records
    .filter(({ kind }) => kind === 'applied')
    .toSorted((one, other) => one.sequence - other.sequence);
  expect(applied.filter(({ outcome }) => outcome === 'interrupted')).toHaveLength(POINTS.length + 1);
  expect(new Set(applied.map(({ id }) => id)).size).toBe(applied.length);
  expect(await scene.host.json('audit', 'verify')).toMatchObject({ exitCode: 0, document: { ok: true } });
});
