/** The daemon: what wakes it, what it answers, how it stops. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GOOD_INIT, writeBoxes, writeFleet, writeGuest, writeHost } from '../lab/desired-state.ts';
import { type Lab, openLab } from '../lab/lab.ts';
import { newScene, type Running, type Scene } from '../lab/scene.ts';
import { waitFor } from '../lab/wait-for.ts';

let lab: Lab;
let scene: Scene;
let daemon: Running;

beforeAll(async () => {
  lab = await openLab();
  // a poll so rare that nothing in here can be its doing
  scene = await newScene(lab, {
    host: 'daemon1',
    secrets: { VSTS_TOKEN: 'canary-6c8349cc7260' },
    poll: '1d',
  });
  writeFleet(scene.repo);
  writeHost(scene.repo, scene.host);
  writeBoxes(scene.repo, { '2022.2.17': await lab.box({ label: 'e2e-old' }) });
  writeGuest(scene.repo, { version: '2022.2.17' });
  await scene.repo.merge('Declare a guest');
  daemon = scene.host.daemon();
  await waitFor('the first record', async () => (await lastSequence()) === 1);
});
afterAll(async () => {
  await scene?.dispose();
  await lab?.dispose();
});

async function status(): Promise<{
  state: string;
  daemon: { pid: number } | null;
  lastRecord: { sequence: number; summary: string } | null;
  paused: unknown;
}> {
  return JSON.parse(JSON.stringify((await scene.host.json('status')).document));
}

async function lastSequence(): Promise<number> {
  return (await status()).lastRecord?.sequence ?? 0;
}

async function change(mark: string, init = `${GOOD_INIT}# ${mark}\n`): Promise<void> {
  writeGuest(scene.repo, { version: '2022.2.17', init });
  await scene.repo.merge(mark);
}

describe('while it runs', () => {
  it('a merge on a watched local repo is applied without waiting for a poll', async () => {
    const before = await lab.containers();
    await change('first');
    await waitFor('the rebuild', async () => (await lastSequence()) === 2);
    expect(await lab.containers()).not.toEqual(before);
    expect((await status()).lastRecord?.summary).toBe('rebuilt azure-agent on azure-ci-node 2022.2.17');
  });

  it('status comes from the daemon, over a socket that only its user can reach', async () => {
    expect(await status()).toMatchObject({ state: 'in-sync', daemon: { pid: expect.any(Number) } });
    expect(statSync(join(scene.host.stateDir, 'control.sock')).mode & 0o777).toBe(0o600);
    expect(statSync(scene.host.stateDir).mode & 0o777).toBe(0o700);
  });

  it('the trigger file wakes it', async () => {
    const [guest] = await lab.containers();
    await lab.vagrant(['destroy', '-f'], {
      cwd: join(scene.host.stateDir, 'guests', 'azure-agent'),
      env: { GUEST_NAME: 'x', VSTS_TOKEN: 'x' },
    });
    expect(await lab.containers()).toEqual([]);
    writeFileSync(join(scene.host.stateDir, 'trigger'), '');
    await waitFor('the guest', async () => (await lastSequence()) === 3);
    expect(await lab.containers()).not.toContain(guest);
    expect(await lab.containers()).toHaveLength(1);
  });

  it('sync, pause and resume are done by the daemon, and a pause holds a merge', async () => {
    expect(await scene.host.json('pause', '--reason', 'looking into a failing job')).toMatchObject({
      exitCode: 0,
    });
    const before = await lab.containers();
    await change('while paused');
    expect(await scene.host.json('sync', '--now')).toMatchObject({
      exitCode: 5,
      document: { pending: [{ gates: [{ kind: 'paused' }] }] },
    });
    expect(await status()).toMatchObject({
      state: 'waiting',
      paused: { reason: 'looking into a failing job' },
    });
    expect(await lab.containers()).toEqual(before);
    expect(await scene.host.json('resume')).toMatchObject({ exitCode: 0, document: { resumed: true } });
    expect(await scene.host.json('sync')).toMatchObject({ exitCode: 0 });
    expect(await lab.containers()).not.toEqual(before);
  });

  it('a mistake in host.yaml is told in the log, and the daemon goes on with what it said before', async () => {
    const good = readFileSync(scene.host.configFile, 'utf8');
    writeFileSync(scene.host.configFile, `${good}polll: 1m\n`);
    const { pid } = (await status().catch(() => null))?.daemon ?? { pid: 0 };
    writeFileSync(scene.host.configFile, good);
    expect(await scene.host.json('sync')).toMatchObject({ exitCode: 0 });
    expect((await status()).daemon?.pid).toBe(pid);
  });
});

describe('when it is told to stop', () => {
  it('in the middle of a rebuild, it records what became of it, leaves no process, and the next run converges', async () => {
    const last = await lastSequence();
    await change('to be cut', `${GOOD_INIT}sleep 713\n`);
    await waitFor('the init script', () => pids('sleep 713').length > 0);
    daemon.kill('SIGTERM');
    const { exitCode, stderr } = await daemon.ended;
    expect(exitCode).toBe(0);
    expect(stderr).toContain('host.yaml changed and is wrong now');
    expect(
      pids(`vagrant up --provider lxc --provision`).filter((pid) =>
        environmentOf(pid).includes(lab.vagrantHome),
      ),
    ).toEqual([]);
    expect(await status()).toMatchObject({ daemon: null });
    await change('mended');
    expect(await scene.host.json('sync')).toMatchObject({ exitCode: 0 });
    expect(await lab.containers()).toHaveLength(1);
    const { document } = await scene.host.json('audit', 'log');
    const { records }: { records: { sequence: number; outcome: string }[] } = JSON.parse(
      JSON.stringify(document),
    );
    const after = records
      .filter(({ sequence }) => sequence > last)
      .toSorted((one, other) => one.sequence - other.sequence);
    expect(after.map(({ outcome }) => outcome)).toEqual(['interrupted', 'applied']);
  });
});

/** Processes of this machine whose command line has this in it. */
function pids(words: string): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && commandOf(name).includes(words));
}

function commandOf(pid: string): string {
  return readProc(pid, 'cmdline').replaceAll('\0', ' ');
}

function environmentOf(pid: string): string {
  return readProc(pid, 'environ');
}

function readProc(pid: string, name: string): string {
  const file = `/proc/${pid}/${name}`;
  try {
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  } catch {
    return '';
  }
}
