/** A whole host observed: guests of ours, guests of other hands, boxes and their use, on real Vagrant. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BOX_MARKER, boxFolder } from '../../reconciler/observed/vagrant-store.ts';
import { type Lab, openLab } from '../lab/lab.ts';
import {
  boxOf,
  builtMemory,
  destroyBelowVagrant,
  guestOf,
  guestSpec,
  type ObservedHost,
  observedHost,
  onlyContainer,
} from '../lab/observing.ts';

let lab: Lab;
let host: ObservedHost;
beforeAll(async () => {
  lab = await openLab();
  host = observedHost(lab);
  await lab.addBox(await lab.box({ label: 'store-1' }), 'mini', '1.0.0');
});
afterAll(() => lab.dispose());

const spec = guestSpec('agent', '1.0.0');

test('a host that has run nothing yet has an absent guest, its boxes, and room', async () => {
  const seen = await host.observe({}, [spec]);
  expect(seen).toEqual({
    boxes: [{ name: 'mini', version: '1.0.0', provider: 'lxc', sha256: null, bytes: null, usedBy: [] }],
    guests: [
      {
        name: 'agent',
        folder: host.dirs.guest('agent'),
        machine: { state: 'absent' },
        builtFrom: null,
        unfinished: null,
        lastGood: null,
        failed: null,
        lineChanges: {},
      },
    ],
    strangers: [],
    fetched: [],
    files: [],
    strangeFiles: [],
    freeBytes: expect.any(Number),
    boot: {
      id: expect.stringMatching(/^[0-9A-Fa-f-]{36}$/),
      at: expect.any(Number),
      after: null,
      failedAt: null,
    },
    unknown: [],
  });
  expect(seen.freeBytes).toBeGreaterThan(0);
});

test('only whole fetched boxes count as fetched', async () => {
  await mkdir(host.dirs.boxes, { recursive: true });
  const sha256 = 'c'.repeat(64);
  for (const name of [`${sha256}.box`, `${'d'.repeat(64)}.box.partial`, 'mini.json']) {
    await writeFile(join(host.dirs.boxes, name), '');
  }
  expect((await host.observe()).fetched).toEqual([sha256]);
});

test('a guest and a stranger on one box: both use it, only one is ours, and what each is is told', async () => {
  const box = await lab.box({ label: 'store-1' });
  const marker = join(boxFolder(lab.vagrantHome, spec.box) ?? '', BOX_MARKER);
  await writeFile(marker, JSON.stringify({ sha256: box.sha256, addedAt: '2026-01-01T00:00:00.000Z' }));
  const ours = await host.project('agent', { box: 'mini' });
  await lab.succeed(['up'], { cwd: ours });
  const id = await onlyContainer(lab);
  const theirs = await lab.project('by-hand', { box: 'mini' });
  await lab.succeed(['up'], { cwd: theirs });

  const seen = await host.observe({ agent: { built: builtMemory(spec, id) } }, [spec]);
  expect(boxOf(seen, '1.0.0')).toMatchObject({ sha256: box.sha256, usedBy: [theirs, 'agent'].sort() });
  expect(seen.strangers).toEqual([{ name: 'default', folder: theirs, provider: 'lxc', box: 'mini 1.0.0' }]);
  expect(guestOf(seen, 'agent')).toMatchObject({
    machine: {
      state: 'present',
      id,
      provider: 'lxc',
      power: 'running',
      box: { name: 'mini', version: '1.0.0' },
    },
    builtFrom: { spec, commit: 'c0ffee', machineId: id },
    lineChanges: {},
  });

  // Nobody declares it any more: it is still ours, and still told of.
  const former = await host.observe({ agent: { built: builtMemory(spec, id) } }, []);
  expect(former.guests.map((guest) => guest.name)).toEqual(['agent']);
  // A folder that we made is ours even if memory was lost.
  const unremembered = await host.observe({}, []);
  expect(guestOf(unremembered, 'agent')).toMatchObject({ machine: { state: 'present' }, builtFrom: null });
  expect(unremembered.strangers).toHaveLength(1);

  // Halted by hand, then made anew by hand: each is seen for what it is.
  await lab.succeed(['halt'], { cwd: ours });
  const halted = guestOf(await host.observe({ agent: { built: builtMemory(spec, id) } }, [spec]), 'agent');
  expect(halted).toMatchObject({ machine: { power: 'stopped' }, builtFrom: { machineId: id } });
  await lab.succeed(['destroy', '-f'], { cwd: ours });
  await lab.succeed(['up'], { cwd: ours });
  const remade = guestOf(await host.observe({ agent: { built: builtMemory(spec, id) } }, [spec]), 'agent');
  expect(remade).toMatchObject({ machine: { state: 'present', power: 'running' }, builtFrom: null });

  // The stranger's folder is deleted: nobody can use that machine any more through Vagrant.
  await rm(theirs, { recursive: true });
  expect((await host.observe({}, [spec])).strangers).toEqual([]);
});

test('a guest that was removed below Vagrant has vanished', async () => {
  const folder = await host.project('below', { box: 'mini' });
  const others = await lab.containers();
  await lab.succeed(['up'], { cwd: folder });
  const id = (await lab.containers()).find((name) => !others.includes(name)) ?? '';
  await destroyBelowVagrant(id);
  const below = guestSpec('below', '1.0.0');
  const guest = guestOf(await host.observe({ below: { built: builtMemory(below, id) } }, [below]), 'below');
  expect(guest.machine).toEqual({ state: 'vanished', id, provider: 'lxc' });
  expect(guest.builtFrom).toBeNull();
});

test('a guest of a provider that cannot be asked is unknown, and the others are seen all the same', async () => {
  const hyperv = { ...guestSpec('far', '1.0.0'), provider: 'hyperv' };
  const seen = await host.observe({ far: { built: builtMemory(hyperv, 'x-1') } }, [hyperv, spec]);
  expect(seen.unknown).toEqual([{ guest: 'far', why: expect.stringMatching(/hyperv cannot be asked/) }]);
  expect(guestOf(seen, 'agent').machine.state).toBe('present');
});
