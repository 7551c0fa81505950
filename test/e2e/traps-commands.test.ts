/** Vagrant's traps that a command of ours could walk into, provoked on real Vagrant. Numbers as in docs/explanation/vagrant.md. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GOOD_INIT, GUEST, writeBoxes, writeFleet, writeGuest, writeHost } from '../lab/desired-state.ts';
import { type Lab, type LabBox, openLab } from '../lab/lab.ts';
import { newScene, type Scene } from '../lab/scene.ts';

const BOX = 'azure-ci-node';
const EVALUATED = { GUEST_NAME: 'x', VSTS_TOKEN: 'x' };
let lab: Lab;
let scene: Scene;
let old: LabBox;
let next: LabBox;

async function open(host: string): Promise<void> {
  lab = await openLab();
  [old, next] = [await lab.box({ label: 'e2e-old' }), await lab.box({ label: 'e2e-new' })];
  scene = await newScene(lab, { host, secrets: { VSTS_TOKEN: 'canary-6512bd43d9ca' } });
  writeFleet(scene.repo);
  writeHost(scene.repo, scene.host);
  writeBoxes(scene.repo, { '2022.2.17': old, '2022.2.24': next });
}

async function close(): Promise<void> {
  await scene?.dispose();
  await lab?.dispose();
}

async function inSync(): Promise<void> {
  const { exitCode, stdout, stderr } = await scene.host.boxreeve('sync');
  expect(`${exitCode}\n${exitCode === 0 ? '' : stdout + stderr}`).toBe('0\n');
}

function boxes(): Promise<string> {
  return lab.succeed(['box', 'list']);
}

describe('boxes that others use or added', () => {
  beforeAll(() => open('traps1'));
  afterAll(close);

  it('a box added by hand under the catalogued name and version is not trusted, and replaced while nothing stands on it (5)', async () => {
    await lab.addBox(next, BOX, '2022.2.17');
    writeGuest(scene.repo, {
      version: '2022.2.17',
      probes: [{ name: 'box', run: 'cat /etc/boxreeve-box', expect: '^e2e-old$' }],
    });
    await scene.repo.merge('Declare a guest');
    const { exitCode, document } = await scene.host.json('sync');
    expect(exitCode).toBe(0);
    expect(document).toMatchObject({
      actions: expect.arrayContaining([
        expect.objectContaining({ kind: 'remove-box', result: 'done' }),
        expect.objectContaining({ kind: 'add-box', result: 'done' }),
        expect.objectContaining({ kind: 'create-guest', result: 'done' }),
      ]),
    });
  });

  it('a box that a machine of someone else stands on is neither removed nor replaced, and the machine is left alone (3)', async () => {
    const folder = await lab.project('someone-else', { box: BOX, version: '2022.2.17' });
    await lab.succeed(['up', '--provider', 'lxc'], { cwd: folder });
    const before = await lab.containers();
    writeGuest(scene.repo, { version: '2022.2.24' });
    await scene.repo.merge('Bump the box');
    const { document } = await scene.host.json('sync');
    expect(document).toMatchObject({
      exitCode: 0,
      notes: expect.arrayContaining([expect.stringContaining('someone-else')]),
    });
    expect((await boxes()).split('\n')).toHaveLength(2);
    const stranger = before.find((name) => name.startsWith('someone-else'));
    expect(await lab.containers()).toContain(stranger);
    expect((await scene.host.json('status')).document).toMatchObject({
      notes: expect.arrayContaining([expect.stringContaining('is not declared, and not touched')]),
    });
    await lab.succeed(['destroy', '-f'], { cwd: folder });
    await inSync();
    expect(await boxes()).toBe(`${BOX} (lxc, 2022.2.24)`);
  });

  it('a guest made by hand from another box in our place is drift, and built anew (4)', async () => {
    const cwd = join(scene.host.stateDir, 'guests', GUEST);
    await lab.succeed(['destroy', '-f'], { cwd, env: EVALUATED });
    await lab.addBox(old, 'by-hand', '1.0.0');
    const plain = join(cwd, 'Vagrantfile');
    writeFileSync(
      plain,
      'Vagrant.configure("2") { |c| c.vm.box = "by-hand"; c.vm.synced_folder ".", "/vagrant", disabled: true }\n',
    );
    await lab.succeed(['up', '--provider', 'lxc'], { cwd, env: EVALUATED });
    const [byHand] = await lab.containers();
    const { exitCode, document } = await scene.host.json('sync');
    expect(exitCode).toBe(0);
    expect(document).toMatchObject({
      actions: [
        {
          kind: 'rebuild-guest',
          result: 'done',
          reason: expect.stringContaining('made by hand from box by-hand 1.0.0'),
        },
      ],
    });
    expect(await lab.containers()).toHaveLength(1);
    expect(await lab.containers()).not.toContain(byHand);
    expect(await boxes()).toContain('by-hand');
  });

  it('a damaged machine index is mended before anything is done, and that is on the record (8)', async () => {
    writeFileSync(join(lab.vagrantHome, 'data', 'machine-index', 'index'), '{"version":1,"machines":{"abc');
    expect(
      (await lab.vagrant(['status'], { cwd: join(scene.host.stateDir, 'guests', GUEST), env: EVALUATED }))
        .exitCode,
    ).not.toBe(0);
    const { exitCode, document } = await scene.host.json('sync');
    expect(exitCode).toBe(0);
    expect(document).toMatchObject({ actions: [], records: [{ kind: 'check-in', outcome: 'unhealthy' }] });
    const shown = await scene.host.json('audit', 'show', JSON.parse(JSON.stringify(document)).records[0].id);
    expect(shown.document).toMatchObject({
      signature: { good: true },
      record: { notes: [expect.stringContaining('machine index')] },
    });
    expect(
      (await lab.vagrant(['status'], { cwd: join(scene.host.stateDir, 'guests', GUEST), env: EVALUATED }))
        .stdout,
    ).toContain('running');
  });

  it('a false "not created" that makes Vagrant forget a running guest is put right, and the guest runs on (2)', async () => {
    const before = await lab.containers();
    await execa('rm', [
      '-r',
      join(scene.host.stateDir, 'guests', GUEST, '.vagrant', 'machines', 'default', 'lxc'),
    ]);
    const { exitCode, document } = await scene.host.json('sync');
    expect(exitCode).toBe(0);
    expect(document).toMatchObject({
      actions: [{ kind: 'start-guest', result: 'done', reason: expect.stringContaining('lost its record') }],
    });
    expect(await lab.containers()).toEqual(before);
  });

  it('a guest that no one declares any more is removed, with its box', async () => {
    writeHost(scene.repo, scene.host, []);
    await scene.repo.merge('Retire the guest');
    const { exitCode, document } = await scene.host.json('sync');
    expect(exitCode).toBe(0);
    expect(document).toMatchObject({
      actions: [
        { kind: 'remove-guest', result: 'done' },
        { kind: 'remove-box', result: 'done' },
      ],
    });
    expect(await lab.containers()).toEqual([]);
    expect(await boxes()).not.toContain(BOX);
  });
});

describe('an init script', () => {
  beforeAll(() => open('traps2'));
  afterAll(close);

  it('that fails leaves no machine running, and is not taken for provisioned (1, 6)', async () => {
    writeGuest(scene.repo, {
      version: '2022.2.17',
      init: '#!/bin/bash\necho "cannot reach the tool server"\nexit 7\n',
    });
    await scene.repo.merge('Declare a guest that fails');
    expect(await scene.host.json('sync')).toMatchObject({
      exitCode: 1,
      document: { actions: [{}, {}, { kind: 'create-guest', result: 'failed' }] },
    });
    expect(await lab.containers()).toEqual([]);
    const { document } = await scene.host.json('audit', 'log');
    expect(document).toMatchObject({
      records: [
        {
          outcome: 'failed',
          actions: [
            {},
            {},
            { exitStatus: 1, output: expect.stringContaining('cannot reach the tool server') },
          ],
        },
      ],
    });
    expect(await scene.host.json('sync')).toMatchObject({
      exitCode: 1,
      document: { actions: [], held: [expect.stringContaining('not tried again')] },
    });
    expect(await scene.host.json('sync', '--retry')).toMatchObject({
      exitCode: 1,
      document: { actions: [{ kind: 'create-guest', result: 'failed' }] },
    });
  });

  it('that never ends is ended with the guest when its time is up (9)', async () => {
    writeGuest(scene.repo, {
      version: '2022.2.17',
      init: `${GOOD_INIT}sleep 913467\n`,
      timeouts: { up: '12s' },
    });
    await scene.repo.merge('Declare a guest that never comes up');
    expect(await scene.host.json('sync')).toMatchObject({
      exitCode: 1,
      document: {
        actions: [
          {
            kind: 'create-guest',
            result: 'failed',
            error: expect.stringContaining('did not end in its time'),
          },
        ],
      },
    });
    expect(await lab.containers()).toEqual([]);
    expect((await execa('pgrep', ['-f', 'sleep 91346[7]'], { reject: false })).stdout).toBe('');
  });

  it('may print secrets as it likes: no file, no record, no log has them', async () => {
    const canary = 'canary-6512bd43d9ca';
    const init = `${GOOD_INIT}echo "raw $1"; printf %s "user:$1" | base64; printf %s "$1" | sed 's/-/%2D/g'\n`;
    writeGuest(scene.repo, { version: '2022.2.17', init });
    await scene.repo.merge('Print the token');
    const { exitCode, stderr } = await scene.host.json('sync');
    expect(exitCode).toBe(0);
    const { stdout: objects } = await execa('git', ['cat-file', '--batch-all-objects', '--batch'], {
      cwd: scene.repo.url,
    });
    const inState = await execa('grep', ['-rlaF', canary, scene.host.stateDir], { reject: false });
    const encoded = Buffer.from(`user:${canary}`).toString('base64').slice(8, -4);
    for (const text of [objects, stderr, inState.stdout]) {
      expect(text).not.toContain(canary);
      expect(text).not.toContain(encoded);
    }
    expect((await scene.host.json('audit', 'log')).document).toMatchObject({
      records: [{ actions: [{ output: expect.stringContaining('raw [redacted]') }] }, {}, {}, {}],
    });
  });
});
