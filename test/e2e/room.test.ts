/** Room, end to end: what is kept, fetched ahead, listed and removed, with real Git, real Vagrant and a real guest. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BOX, GUEST, writeBoxes, writeFleet, writeGuest, writeHost } from '../lab/desired-state.ts';
import { type Lab, type LabBox, openLab } from '../lab/lab.ts';
import { newScene, type Scene } from '../lab/scene.ts';

const HOST = 'room1';
let lab: Lab;
let scene: Scene;
let old: LabBox;
let next: LabBox;

beforeAll(async () => {
  lab = await openLab();
  [old, next] = [await lab.box({ label: 'e2e-old' }), await lab.box({ label: 'e2e-new' })];
  scene = await newScene(lab, { host: HOST, secrets: { VSTS_TOKEN: 'token' } });
  keep(1, true);
  writeHost(scene.repo, scene.host);
  writeBoxes(scene.repo, { '2022.2.17': old, '2022.2.24': next });
  writeGuest(scene.repo, { version: '2022.2.17' });
  await scene.repo.merge('Declare the first host (#1)');
});
afterAll(async () => {
  await scene?.dispose();
  await lab?.dispose();
});

function keep(older: number, files: boolean): void {
  writeFleet(scene.repo, 'always', `defaults:\n  keep: { older: ${older}, files: ${files} }\n`);
}

const fileOf = ({ sha256 }: LabBox, ending = '.box') =>
  join(scene.host.stateDir, 'boxes', `${sha256}${ending}`);
const boxes = async () => (await lab.vagrant(['box', 'list'])).stdout;

it('a file that is kept stays when its box is added, and the record says which boxes the host has', async () => {
  const { exitCode } = await scene.host.json('sync');
  expect(exitCode).toBe(0);
  expect(existsSync(fileOf(old))).toBe(true);
  const { document } = await scene.host.json('audit', 'log');
  expect(document).toMatchObject({
    records: [
      {
        boxes: [
          { name: BOX, version: '2022.2.17', sha256: old.sha256, added: true, file: true, usedBy: [GUEST] },
        ],
      },
    ],
  });
});

it('a box fetched ahead is recorded, and stays though nothing needs it yet', async () => {
  const unknown = await scene.host.boxreeve('box', 'fetch', BOX, '2022.2.23');
  expect(unknown).toMatchObject({
    exitCode: 3,
    stderr: expect.stringContaining('has no version 2022.2.23 (has 2022.2.17, 2022.2.24)'),
  });
  const { exitCode, document } = await scene.host.json('box', 'fetch', BOX, '2022.2.24');
  expect({ exitCode, document }).toMatchObject({ exitCode: 0, document: { result: 'fetched' } });
  expect(existsSync(fileOf(next))).toBe(true);
  expect(JSON.parse(readFileSync(fileOf(next, '.json'), 'utf8'))).toMatchObject({
    ...{ name: BOX, version: '2022.2.24', provider: 'lxc', from: 'fetch' },
    verifiedAt: expect.stringMatching(/Z$/),
  });
  expect((await scene.host.json('box', 'fetch', BOX, '2022.2.24')).document).toMatchObject({
    result: 'here',
  });
  expect((await scene.host.json('plan')).document).toMatchObject({ actions: [], frees: 0 });
  expect((await scene.host.json('audit', 'log', '--limit', '1')).document).toMatchObject({
    records: [{ trigger: 'manual', kind: 'applied', actions: [{ kind: 'fetch-box', result: 'done' }] }],
  });
});

it('the list names this host as it is now', async () => {
  const { document } = await scene.host.json('box', 'list');
  expect(document).toMatchObject({
    boxes: [
      { version: '2022.2.24', hosts: [{ host: HOST, added: false, file: true, usedBy: [] }] },
      { version: '2022.2.17', hosts: [{ host: HOST, added: true, file: true, usedBy: [GUEST] }] },
    ],
    hosts: [{ host: HOST, source: 'live', verified: true }],
  });
  const { stdout } = await scene.host.boxreeve('box', 'list');
  expect(stdout).toMatch(
    new RegExp(`${BOX} +2022\\.2\\.17 +lxc +${old.sha256.slice(0, 8)} +${HOST} +added, file +${GUEST}`),
  );
});

it('files that are not kept any more are named by a dry run, with what they free, and removed by prune', async () => {
  keep(1, false);
  await scene.repo.merge('Keep no files (#2)');
  const dry = await scene.host.json('box', 'prune', '--dry-run');
  expect(dry).toMatchObject({
    exitCode: 0,
    document: {
      dryRun: true,
      removals: [{ box: { version: '2022.2.17' }, result: null, what: expect.stringContaining('file of') }],
    },
  });
  expect(existsSync(fileOf(old))).toBe(true);

  // asked for by hand it stays all the same
  const note = readFileSync(fileOf(old, '.json'));
  expect((await scene.host.json('box', 'fetch', BOX, '2022.2.17')).document).toMatchObject({
    result: 'fetched',
  });
  expect((await scene.host.json('box', 'prune', '--dry-run')).document).toMatchObject({ removals: [] });
  writeFileSync(fileOf(old, '.json'), note);

  const { document } = await scene.host.json('box', 'prune');
  expect(document).toMatchObject({ removals: [{ result: 'done' }], frees: expect.any(Number) });
  expect(Number(Object(document).frees)).toBeGreaterThan(old.size / 2);
  expect(existsSync(fileOf(old))).toBe(false);
  expect(await boxes()).toContain('2022.2.17');
  expect(existsSync(fileOf(next)), 'what was asked for by hand stays').toBe(true);
});

it('after a bump the one older version stays; asked to keep none, prune removes it and says what that frees', async () => {
  writeGuest(scene.repo, { version: '2022.2.24' });
  await scene.repo.merge('Bump azure-ci-node (#3)');
  const { document } = await scene.host.json('sync');
  expect(document).toMatchObject({
    actions: [
      { kind: 'add-box', result: 'done' },
      { kind: 'rebuild-guest', result: 'done' },
    ],
  });
  expect((await boxes()).split('\n')).toHaveLength(2);
  keep(0, false);
  await scene.repo.merge('Keep no older versions (#4)');
  const pruned = await scene.host.json('box', 'prune');
  expect(pruned).toMatchObject({
    exitCode: 0,
    document: { removals: [{ action: `remove-box ${BOX} 2022.2.17 (lxc)`, result: 'done' }] },
  });
  expect(Number(Object(pruned.document).frees), 'as it was noted when it was added').toBeGreaterThan(
    old.size,
  );
  expect(await boxes()).not.toContain('2022.2.17');
  expect((await scene.host.json('sync')).document).toMatchObject({ actions: [], pending: [] });
});

it('a daemon that runs does it on behalf of the command', async () => {
  const daemon = scene.host.daemon();
  await expect
    .poll(async () => (await scene.host.json('status')).document, { timeout: 60_000 })
    .toMatchObject({ daemon: { pid: expect.any(Number) } });
  expect(await scene.host.json('box', 'prune')).toMatchObject({ exitCode: 0, document: { removals: [] } });
  daemon.kill('SIGTERM');
  await daemon.ended;
});
