/**
 * A host that is to be rebooted, with a real guest. This machine cannot go down for a test: the reboot command kills the reconciler,
 * as a reboot does, and "after the boot" it runs in a mount namespace of its own in which the kernel's boot id is another.
 */
import { appendFileSync, chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GUEST, writeBoxes, writeFleet, writeGuest, writeHost } from '../lab/desired-state.ts';
import { type Lab, openLab } from '../lab/lab.ts';
import { newScene, type Scene } from '../lab/scene.ts';

const ENTRY = fileURLToPath(new URL('../../reconciler/cli/main.ts', import.meta.url));

let lab: Lab;
let scene: Scene;
let before: readonly string[];

beforeAll(async () => {
  lab = await openLab();
  scene = await newScene(lab, { host: 'reboot1', secrets: { VSTS_TOKEN: 'canary-45c48cce2e2d' } });
  const program = join(scene.root, 'reboot');
  // its parent is the reconciler
  writeFileSync(program, `#!/bin/sh\n[ -e ${scene.root}/broken ] && exit 3\nkill -9 $PPID\n`);
  chmodSync(program, 0o755);
  appendFileSync(scene.host.configFile, `rebootCommand: [${program}]\n`);
  writeFleet(scene.repo, 'always');
  writeHost(scene.repo, scene.host);
  writeBoxes(scene.repo, { '2022.2.17': await lab.box({ label: 'e2e-old' }) });
  writeGuest(scene.repo, { version: '2022.2.17' });
  await scene.repo.merge('A guest');
  const { exitCode, stderr } = await scene.host.boxreeve('sync');
  expect(`${exitCode} ${exitCode === 0 ? '' : stderr}`).toBe('0 ');
  before = await lab.containers();
});
afterAll(async () => {
  await scene?.dispose();
  await lab?.dispose();
});

async function askForReboot(name: string): Promise<void> {
  writeHost(scene.repo, scene.host, [GUEST], `reboot: { after: ${name} }\n`);
  await scene.repo.merge(`Reboot for ${name}`);
}

async function power(): Promise<string> {
  const [name = ''] = await lab.containers();
  return (await execa('lxc-info', ['--name', name, '--state', '--no-humanize'])).stdout.trim();
}

async function summaries(): Promise<string[]> {
  const { document } = await scene.host.json('audit', 'log');
  const { records }: { records: { sequence: number; summary: string }[] } = JSON.parse(
    JSON.stringify(document),
  );
  return records.toSorted((one, other) => one.sequence - other.sequence).map(({ summary }) => summary);
}

it('says in its plan that it is to be rebooted, and why', async () => {
  await askForReboot('lab-1');
  const { stdout } = await scene.host.boxreeve('plan');
  expect(stdout).toMatch(/\* reboot-host {2}\(disruptive\)\s+reboot after lab-1/);
});

it('whose reboot does not come about records that, and boots its guests again', async () => {
  writeFileSync(join(scene.root, 'broken'), '');
  expect(await scene.host.json('sync')).toMatchObject({
    document: { actions: [{ kind: 'start-guest', result: 'done' }] },
  });
  expect(await power()).toBe('RUNNING');
  expect((await summaries()).slice(-3)).toEqual([
    'is rebooting',
    expect.stringMatching(/^could not reboot the host: .*exit|failed/),
    `started ${GUEST}`,
  ]);
  // not again at every poll: guests would go down and up all night
  expect(await scene.host.json('sync')).toMatchObject({ exitCode: 0, document: { actions: [] } });
});

it('goes down with its guest shut down and its record made, and says afterwards that it is back', async () => {
  rmSync(join(scene.root, 'broken'));
  // what failed is not tried again in the same window, unless a person asks for it
  expect((await scene.host.boxreeve('sync', '--retry')).exitCode).toBeUndefined();
  expect(await power()).toBe('STOPPED');
  expect((await summaries()).at(-1)).toBe('is rebooting');

  const bootId = join(scene.root, 'boot_id');
  writeFileSync(bootId, '6f0c7c53-6d3a-4c0e-9a53-0d2b9a6c5d11\n');
  const script = 'mount --bind "$1" /proc/sys/kernel/random/boot_id; shift; exec "$@"';
  const sync = [process.execPath, ENTRY, 'sync', '--config', scene.host.configFile];
  const after = await execa('unshare', ['--mount', 'sh', '-c', script, 'sh', bootId, ...sync], {
    env: scene.host.env,
    extendEnv: false,
    reject: false,
  });
  expect(`${after.exitCode} ${after.exitCode === 0 ? '' : after.stderr}`).toBe('0 ');
  expect((await summaries()).slice(-3)).toEqual(['is rebooting', 'rebooted the host', `started ${GUEST}`]);
  expect(await power()).toBe('RUNNING');
  expect(await lab.containers()).toEqual(before);
  expect(await scene.host.json('audit', 'verify')).toMatchObject({ exitCode: 0, document: { ok: true } });
});
