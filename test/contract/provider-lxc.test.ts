/** What we read of LXC's files, held against what LXC's own tools say, through the life of a real guest. */
import { setTimeout } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { askMachine, askProviders, providerVersion } from '../../reconciler/observed/providers.ts';
import { type Lab, openLab } from '../lab/lab.ts';

let lab: Lab;
let folder: string;
beforeAll(async () => {
  lab = await openLab();
  await lab.addBox(await lab.box({ label: 'store-1' }), 'mini', '1.0.0');
  folder = await lab.project('guest', { box: 'mini' });
});
afterAll(() => lab.dispose());

async function containerOf(): Promise<string> {
  const [name] = await lab.containers();
  if (name === undefined) throw new Error('there is no container');
  return name;
}

/** Waits for a container that LXC would list: looked for often, as it is to be cut off in the making. */
async function firstContainer(): Promise<string> {
  for (;;) {
    const [id] = await lab.containers();
    if (id !== undefined && (await askMachine({ provider: 'lxc', id })).state === 'exists') return id;
    await setTimeout(3);
  }
}

async function lxcSays(name: string): Promise<string> {
  const { stdout } = await execa('lxc-info', ['-n', name, '-s'], { reject: false });
  return stdout.replace(/^State:\s*/, '');
}

test('a guest is seen to run, freeze, stop, run again and go, as LXC itself sees it', async () => {
  const vagrant = async (...args: string[]) => await lab.succeed(args, { cwd: folder });
  await vagrant('up');
  const id = await containerOf();
  const machine = { provider: 'lxc', id };
  expect(await lxcSays(id)).toBe('RUNNING');
  expect(await askMachine(machine)).toEqual({ state: 'exists', power: 'running' });

  await execa('lxc-freeze', ['-n', id]);
  expect(await lxcSays(id)).toBe('FROZEN');
  expect(await askMachine(machine)).toEqual({ state: 'exists', power: 'running' });
  await execa('lxc-unfreeze', ['-n', id]);

  await vagrant('halt');
  expect(await lxcSays(id)).toBe('STOPPED');
  expect(await askMachine(machine)).toEqual({ state: 'exists', power: 'stopped' });

  await vagrant('up');
  expect(await askMachine(machine)).toEqual({ state: 'exists', power: 'running' });

  await vagrant('destroy', '-f');
  expect(await lab.containers()).toEqual([]);
  expect(await askMachine(machine)).toEqual({ state: 'gone' });
});

test('a container whose making was killed exists, though Vagrant never heard of it', async () => {
  const up = execa('vagrant', ['up'], {
    cwd: folder,
    env: lab.env,
    extendEnv: false,
    detached: true,
    reject: false,
  });
  const id = await firstContainer();
  if (up.pid !== undefined) process.kill(-up.pid, 'SIGKILL');
  await up;
  expect(await askMachine({ provider: 'lxc', id })).toEqual({ state: 'exists', power: 'stopped' });
  expect((await execa('lxc-ls', ['-1'])).stdout.split('\n')).toContain(id);
});

test('names that are no containers, or are no names, are answered each on its own', async () => {
  const ids = ['boxreeve-never-made', '../../etc', '-n', ''];
  const sighting = await askProviders(ids.map((id) => ({ provider: 'lxc', id })));
  const states = ids.map((id) => sighting.of({ provider: 'lxc', id }).state);
  expect(states).toEqual(['gone', 'unknown', 'unknown', 'unknown']);
});

test('its version is that of LXC', async () => {
  expect(await providerVersion('lxc')).toMatch(/^\d+\.\d+/);
});
