/** What goes wrong around the reconciler: nothing is killed or doubled, and each leaves a record. */
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { processStart } from '../../reconciler/apply/process-identity.ts';
import { GOOD_INIT, writeBoxes, writeFleet, writeGuest, writeHost } from '../lab/desired-state.ts';
import { type Lab, type LabBox, openLab } from '../lab/lab.ts';
import { newScene, type Scene } from '../lab/scene.ts';
import { pathWithStub } from '../lab/stub.ts';
import { waitFor } from '../lab/wait-for.ts';

let lab: Lab;
let box: LabBox;
let scene: Scene;
let count = 0;

beforeAll(async () => {
  lab = await openLab();
  box = await lab.box({ label: 'e2e-old' });
});
afterAll(async () => lab?.dispose());

beforeEach(async () => {
  count += 1;
  scene = await newScene(lab, {
    host: `fault${count}`,
    secrets: { VSTS_TOKEN: 'canary-c9f0f895fb98' },
    poll: '1s',
  });
  writeFleet(scene.repo);
  writeHost(scene.repo, scene.host);
  writeBoxes(scene.repo, { '2022.2.17': box });
  writeGuest(scene.repo, { version: '2022.2.17' });
  return async () => {
    await scene.dispose();
    await lab.vagrant(['destroy', '-f'], {
      cwd: join(scene.host.stateDir, 'guests', 'azure-agent'),
      env: { VSTS_TOKEN: 'x', GUEST_NAME: 'x' },
    });
    await lab.vagrant(['box', 'remove', 'azure-ci-node', '--all', '--force']);
  };
});

type Line = { sequence: number; kind: string; outcome: string; summary: string };

async function log(): Promise<Line[]> {
  const { document } = await scene.host.json('audit', 'log');
  const records: Line[] = JSON.parse(JSON.stringify(document)).records;
  return records.toSorted((one, other) => one.sequence - other.sequence);
}

/** The host comes into sync; if not, the failure shows why. */
async function inSync(): Promise<void> {
  const { exitCode, stdout, stderr } = await scene.host.boxreeve('sync');
  expect(`${exitCode}\n${exitCode === 0 ? '' : stdout + stderr}`).toBe('0\n');
}

async function running(): Promise<readonly string[]> {
  return lab.containers();
}

describe('when the guest is at fault', () => {
  it('an init script that fails leaves the guest on what last worked, once, and is not tried again', async () => {
    await scene.repo.merge('Declare a guest');
    await inSync();
    writeGuest(scene.repo, {
      version: '2022.2.17',
      init: '#!/bin/bash\necho "init: no such tool" >&2\nexit 3\n',
    });
    await scene.repo.merge('Break init.sh');
    const failed = await scene.host.json('sync');
    expect(failed).toMatchObject({
      exitCode: 1,
      document: { actions: [{ kind: 'rebuild-guest', result: 'failed' }, { result: 'done' }] },
    });
    expect(await running()).toHaveLength(1);
    const before = await running();
    expect(await scene.host.json('sync')).toMatchObject({
      exitCode: 1,
      document: { actions: [], held: [expect.stringContaining('not tried again')] },
    });
    expect(await running()).toEqual(before);
    expect((await log()).map(({ outcome }) => outcome)).toEqual(['applied', 'rolled-back']);
    writeGuest(scene.repo, { version: '2022.2.17', init: `${GOOD_INIT}# mended\n` });
    await scene.repo.merge('Mend init.sh');
    expect(await scene.host.json('sync')).toMatchObject({
      exitCode: 0,
      document: { actions: [{ result: 'done' }] },
    });
  });

  it('a probe that does not match is a failure like any other', async () => {
    await scene.repo.merge('Declare a guest');
    await inSync();
    writeGuest(scene.repo, {
      version: '2022.2.17',
      probes: [{ name: 'nix', run: 'echo nix 2.3.15', expect: 'nix 2\\.([4-9]|\\d\\d)' }],
      init: `${GOOD_INIT}#\n`,
    });
    await scene.repo.merge('Ask for a newer tool than there is');
    expect(await scene.host.json('sync')).toMatchObject({ exitCode: 1 });
    const [last] = (await log()).toReversed();
    expect(last?.outcome).toBe('rolled-back');
  });

  it('a first guest whose init fails is not left running, and not taken for good', async () => {
    writeGuest(scene.repo, { version: '2022.2.17', init: '#!/bin/bash\nexit 3\n' });
    await scene.repo.merge('Declare a guest that cannot come up');
    expect(await scene.host.json('sync')).toMatchObject({ exitCode: 1 });
    expect(await running()).toEqual([]);
    expect((await log()).map(({ outcome }) => outcome)).toEqual(['failed']);
  });
});

describe('when the surroundings are', () => {
  it('a box with the wrong digest never reaches Vagrant', async () => {
    writeBoxes(scene.repo, { '2022.2.17': { ...box, sha256: 'f'.repeat(64) } });
    await scene.repo.merge('Catalogue a box that is not what it says');
    expect(await scene.host.json('sync')).toMatchObject({
      exitCode: 1,
      document: {
        actions: [{ kind: 'fetch-box', result: 'failed' }, { result: 'skipped' }, { result: 'skipped' }],
      },
    });
    expect((await lab.vagrant(['box', 'list'])).stdout).not.toContain('azure-ci-node');
    expect((await log()).map(({ outcome }) => outcome)).toEqual(['failed']);
  });

  it('a Vagrant that hangs is ended with all it started when its time is up', async () => {
    writeGuest(scene.repo, { version: '2022.2.17', timeouts: { up: '3s' } });
    await scene.repo.merge('Declare a guest');
    const mark = join(scene.root, 'hanging');
    const PATH = pathWithStub(
      scene.root,
      scene.host.env.PATH ?? '',
      'vagrant',
      `case "$*" in *up*) (sleep 600 & echo $! > ${mark}; wait) ;; esac`,
    );
    const sync = await scene.host.start(['sync', '--json'], { PATH }).ended;
    expect(sync.exitCode).toBe(1);
    const pid = (await execa('cat', [mark])).stdout;
    // a zombie nobody has collected yet is ended, too
    expect(processStart(Number(pid))).toBe(null);
    expect((await log()).map(({ outcome }) => outcome)).toEqual(['failed']);
  });

  it('a remote that vanishes after the fetch keeps nothing from being done, and gets its record when it is back', async () => {
    await scene.repo.merge('Declare a guest');
    const away = `${scene.repo.url}.away`;
    const PATH = pathWithStub(
      scene.root,
      scene.host.env.PATH ?? '',
      'vagrant',
      `[ -d ${scene.repo.url} ] && mv ${scene.repo.url} ${away}`,
    );
    const sync = await scene.host.start(['sync', '--json'], { PATH }).ended;
    expect(JSON.parse(String(sync.stdout))).toMatchObject({
      actions: [{}, {}, { kind: 'create-guest', result: 'done' }],
      unpushed: 1,
    });
    expect(await scene.host.json('sync')).toMatchObject({
      exitCode: 1,
      document: { offline: expect.any(String) },
    });
    expect(await running()).toHaveLength(1);
    renameSync(away, scene.repo.url);
    expect(await scene.host.json('sync')).toMatchObject({ exitCode: 0, document: { unpushed: 0 } });
    expect((await log()).map(({ outcome }) => outcome)).toEqual(['applied']);
  });

  it('a full disk stops what needs room before it begins, says so on the record, and comes right when there is room', async () => {
    await scene.repo.merge('Declare a guest');
    const small = join(scene.host.stateDir);
    await execa('mkdir', ['-p', small]);
    await execa('mount', ['-t', 'tmpfs', '-o', 'size=24m,mode=700', 'tmpfs', small]);
    try {
      expect(await scene.host.json('sync')).toMatchObject({
        exitCode: 5,
        document: { pending: [{ gates: [{ kind: 'disk' }] }, {}, {}] },
      });
      expect((await log()).map(({ kind }) => kind)).toEqual(['waiting']);
      await execa('mount', ['-o', 'remount,size=256m', small]);
      expect(await scene.host.json('sync')).toMatchObject({ exitCode: 0 });
      expect(await running()).toHaveLength(1);
      await lab.vagrant(['destroy', '-f'], {
        cwd: join(small, 'guests', 'azure-agent'),
        env: { VSTS_TOKEN: 'x', GUEST_NAME: 'x' },
      });
    } finally {
      await execa('umount', ['-l', small]);
    }
  });

  it('of two daemons started at once one runs, and the other says who does', async () => {
    await scene.repo.merge('Declare a guest');
    const daemons = [scene.host.daemon(), scene.host.daemon()];
    const loser = await Promise.race(daemons.map(({ ended }) => ended));
    expect(loser.exitCode).toBe(1);
    expect(String(loser.stderr)).toContain('is at work on this host');
    await waitFor('the record', async () => (await log().catch(() => [])).length === 1);
    expect((await log()).map(({ outcome, summary }) => [outcome, summary])).toEqual([
      ['applied', 'created azure-agent on azure-ci-node 2022.2.17'],
    ]);
    expect(await running()).toHaveLength(1);
  });
});

describe('a host cut off from Git', () => {
  it('keeps what it has right, and says so', async () => {
    await scene.repo.merge('Declare a guest');
    await inSync();
    renameSync(scene.repo.url, `${scene.repo.url}.away`);
    await lab.vagrant(['destroy', '-f'], {
      cwd: join(scene.host.stateDir, 'guests', 'azure-agent'),
      env: { VSTS_TOKEN: 'x', GUEST_NAME: 'x' },
    });
    const sync = await scene.host.json('sync');
    expect(sync).toMatchObject({
      document: {
        offline: expect.any(String),
        actions: [{ kind: 'create-guest', result: 'done' }],
        unpushed: 1,
      },
    });
    expect(await running()).toHaveLength(1);
    renameSync(`${scene.repo.url}.away`, scene.repo.url);
    expect(await scene.host.json('sync')).toMatchObject({ exitCode: 0, document: { unpushed: 0 } });
  });

  it('does not follow a rewound branch, records that once, and follows it when it comes right', async () => {
    const first = await scene.repo.merge('Declare a guest');
    writeGuest(scene.repo, { version: '2022.2.17', init: `${GOOD_INIT}# second\n` });
    const second = await scene.repo.merge('Change init.sh');
    await inSync();
    const before = await running();
    await scene.repo.remoteGit('update-ref', 'refs/heads/main', first);
    expect(await scene.host.json('sync')).toMatchObject({
      exitCode: 4,
      document: { actions: [], records: [{ kind: 'refused' }] },
    });
    expect(await scene.host.json('sync')).toMatchObject({ exitCode: 4, document: { records: [] } });
    await scene.repo.remoteGit('update-ref', 'refs/heads/main', second);
    expect(await scene.host.json('sync')).toMatchObject({ exitCode: 0 });
    expect(await running()).toEqual(before);
  });
});
