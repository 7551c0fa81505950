import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { emptyMemory, guestIn, newGuestMemory } from '../../../reconciler/observed/memory.ts';
import { openMemory, peekMemory } from '../../../reconciler/observed/memory-store.ts';

let root: string;
let file: string;
const clock = { now: () => Date.UTC(2026, 0, 2, 3, 4, 5) };

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'boxreeve-memory-'));
  file = join(root, 'state', 'memory.json');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const good = {
  commit: 'c0ffee',
  at: '2026-01-01T00:00:00.000Z',
  spec: {
    name: 'agent',
    box: {
      name: 'mini',
      version: '1.0.0',
      provider: 'lxc',
      sha256: 'ab'.repeat(32),
      size: 1,
      sources: ['file:///x'],
    },
    provider: 'lxc',
    env: { GUEST_NAME: 'builder1' },
    secrets: ['TOKEN'],
    files: [{ path: 'Vagrantfile', executable: false, oid: 'aa', sha256: 'bb', size: 3 }],
    agent: { system: 'command', drain: ['a'], idle: ['b'], undrain: ['c'] },
    log: '/run.log',
    probes: [{ name: 'box', run: 'cat /etc/boxreeve-box', expect: null }],
    timeouts: { up: 1, drain: 2, probe: 3 },
    window: { name: 'nightly', days: ['mon'], from: '20:00', to: '05:00', timezone: 'Europe/Zurich' },
    recycleEvery: null,
    fingerprint: 'ff'.repeat(32),
  },
} as const;

test('what it knows of roll-outs is there for the next process, and a form that nobody writes is not believed', async () => {
  const memory = await openMemory(file, 'builder1');
  const progress = {
    fingerprint: 'ff',
    state: 'healthy',
    since: good.at,
    healthyMs: 12,
    probed: true,
    detail: '',
  } as const;
  const halts = [{ guest: 'agent', change: 'ee', failures: [{ host: 'b', since: good.at, detail: 'd' }] }];
  await memory.updateGuest('agent', { progress, previous: { spec: good.spec, commit: good.commit } });
  await memory.update((before) => ({ ...before, rollout: { halts, told: ['agent ee'] } }));
  const again = peekMemory(file, 'builder1');
  expect(again).toEqual(memory.read());
  writeFileSync(file, readFileSync(file, 'utf8').replace('"healthyMs": 12', '"healthyMs": "12"'));
  expect(peekMemory(file, 'builder1')).toBeNull();
});

test('a host that has run nothing yet remembers nothing, and nothing is written', async () => {
  const memory = await openMemory(file, 'builder1');
  expect(memory.read()).toEqual(emptyMemory('builder1'));
  expect(memory.warning).toBeNull();
  expect(readdirSync(root)).toEqual([]);
});

test('what was remembered is there for the next process, and for no other user', async () => {
  const memory = await openMemory(file, 'builder1');
  await memory.updateGuest('agent', { good });
  await memory.update((before) => ({ ...before, applied: { commit: 'c0ffee', at: good.at } }));
  const again = await openMemory(file, 'builder1');
  expect(again.warning).toBeNull();
  expect(again.read()).toEqual({
    ...emptyMemory('builder1'),
    applied: { commit: 'c0ffee', at: good.at },
    guests: { agent: { ...newGuestMemory, good } },
  });
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('a window of any form is remembered', async () => {
  const memory = await openMemory(file, 'builder1');
  const named = { name: 'nightly', timezone: 'Europe/Zurich', except: ['2026-12-24/2027-01-02'] };
  const span = { days: ['mon'], from: '20:00', to: '05:00' } as const;
  const forms = [
    { ...named, ...span },
    { ...named, spans: [span] },
    { ...named, cron: '0 22 * * *', for: 1 },
  ];
  for (const window of forms) {
    await memory.updateGuest('agent', { good: { ...good, spec: { ...good.spec, window } } });
    const again = await openMemory(file, 'builder1');
    expect(again.warning).toBeNull();
    expect(again.read().guests.agent?.good?.spec.window).toEqual(window);
  }
});

test('changes made at the same moment are all kept', async () => {
  const memory = await openMemory(file, 'builder1');
  const names = Array.from({ length: 20 }, (_, at) => `guest-${at}`);
  await Promise.all(names.map((name) => memory.updateGuest(name, { good })));
  expect(Object.keys((await openMemory(file, 'builder1')).read().guests).sort()).toEqual(names.sort());
});

test.each([
  ['a file that was cut off', '{"version":1,"host":"buil'],
  ['an empty file', ''],
  ['a file of another form', '{"version":1,"host":"builder1","guests":{"agent":{"built":7}}}'],
  ['the memory of another host', JSON.stringify(emptyMemory('builder2'))],
])('%s is moved aside, and the host is told', async (_, text) => {
  const first = await openMemory(file, 'builder1');
  await first.update((memory) => ({ ...memory, refused: 'x' }));
  writeFileSync(file, text);
  expect(peekMemory(file, 'builder1')).toBeNull();

  const memory = await openMemory(file, 'builder1', clock);
  expect(memory.read()).toEqual(emptyMemory('builder1'));
  const aside = `${file}.unusable-2026-01-02T03-04-05-000Z`;
  expect(memory.warning).toContain(aside);
  expect(readFileSync(aside, 'utf8')).toBe(text);
});

test('a change that cannot be written is no change, and later ones work', async () => {
  const memory = await openMemory(file, 'builder1');
  await memory.update((before) => ({ ...before, waiting: 'first' }));
  const failing = memory.update(() => {
    throw new Error('the disk is full');
  });
  await expect(failing).rejects.toThrow('the disk is full');
  expect(memory.read().waiting).toBe('first');
  await memory.update((before) => ({ ...before, waiting: 'second' }));
  expect(peekMemory(file, 'builder1')?.waiting).toBe('second');
});

test('a file that may not be read is an error, and no empty memory', async () => {
  const memory = await openMemory(file, 'builder1');
  await memory.update((before) => ({ ...before, waiting: 'x' }));
  rmSync(file);
  // A folder in its place: unreadable for every user, root as well.
  await openMemory(join(file, 'memory.json'), 'builder1').then((other) =>
    other.update((m) => ({ ...m, waiting: 'y' })),
  );
  await expect(openMemory(file, 'builder1')).rejects.toThrow(/cannot be read \(EISDIR\)/);
});

test('fields that a later version added are kept', async () => {
  const memory = await openMemory(file, 'builder1');
  await memory.update((before) => ({ ...before, waiting: 'x' }));
  const later = { ...JSON.parse(readFileSync(file, 'utf8')), later: [1] };
  writeFileSync(file, JSON.stringify(later));
  await (await openMemory(file, 'builder1')).update((before) => ({ ...before, waiting: 'y' }));
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ waiting: 'y', later: [1] });
});

test('a guest called constructor is remembered like every other', async () => {
  const memory = await openMemory(file, 'builder1');
  await memory.updateGuest('constructor', { tookMs: [1] });
  const again = await openMemory(file, 'builder1');
  expect(again.warning).toBeNull();
  expect(guestIn(again.read(), 'constructor')).toEqual({ ...newGuestMemory, tookMs: [1] });
  expect(guestIn(emptyMemory('builder1'), 'constructor')).toBeUndefined();
});

test('a memory with a number that could not be written again is not used', async () => {
  const memory = await openMemory(file, 'builder1');
  await memory.updateGuest('agent', { good });
  writeFileSync(file, readFileSync(file, 'utf8').replace('"size": 1', '"size": 1e999'));
  expect(peekMemory(file, 'builder1')).toBeNull();
});
