import { describe, expect, test } from 'vitest';
import { builtFromOf, decideMachine, gatherClues } from '../../../reconciler/observed/guest-machine.ts';
import { type GuestMemory, newGuestMemory } from '../../../reconciler/observed/memory.ts';
import type { MachineAnswer, MachineId } from '../../../reconciler/observed/providers.ts';
import type { MachineRecord } from '../../../reconciler/observed/vagrant-store.ts';

const running: MachineAnswer = { state: 'exists', power: 'running' };
const gone: MachineAnswer = { state: 'gone' };
const silent: MachineAnswer = { state: 'unknown', why: 'no answer' };
const lxc = new Set(['lxc']);

const record = (id: string | null): MachineRecord => ({
  folder: '/g/.vagrant/machines/default/lxc',
  machine: 'default',
  provider: 'lxc',
  id,
  box: id === null ? null : { name: 'mini', version: '1.0.0', provider: 'lxc' },
  indexUuid: null,
});

const built: NonNullable<GuestMemory['built']> = {
  commit: 'c0ffee',
  at: '2026-01-01T00:00:00.000Z',
  machineId: 'agent-1',
  ssh: { host: '10.0.0.1', port: 22, user: 'vagrant', identityFiles: [], hostKey: null },
  spec: {
    name: 'agent',
    box: { name: 'mini', version: '1.0.0', provider: 'lxc', sha256: 'ab', size: 1, sources: [] },
    provider: 'lxc',
    env: {},
    secrets: [],
    files: [],
    agent: { system: 'none' },
    log: '/run.log',
    probes: [],
    timeouts: { up: 1, drain: 1, probe: 1 },
    window: null,
    recycleEvery: null,
    fingerprint: 'ff',
  },
};
const building = { fingerprint: 'ee', commit: 'beef', at: built.at, machineName: 'agent-2' };
const proven: GuestMemory = { ...newGuestMemory, built };

function decide(records: MachineRecord[], memory: GuestMemory, answers: Record<string, MachineAnswer>) {
  const clues = gatherClues(records, memory, [], lxc);
  return decideMachine(clues, ({ id }: MachineId) => answers[id] ?? gone);
}

describe('a machine that Vagrant has a record of', () => {
  test('is present with the provider’s word on its power and Vagrant’s on its box', () => {
    expect(decide([record('agent-1')], proven, { 'agent-1': running })).toEqual({
      machine: {
        state: 'present',
        id: 'agent-1',
        provider: 'lxc',
        power: 'running',
        box: { name: 'mini', version: '1.0.0' },
      },
      unknown: null,
    });
  });

  test('has vanished if the provider says it is gone', () => {
    expect(decide([record('agent-1')], proven, {})).toEqual({
      machine: { state: 'vanished', id: 'agent-1', provider: 'lxc' },
      unknown: null,
    });
  });

  test('is left alone while the provider does not answer: that is never drift', () => {
    const { machine, unknown } = decide([record('agent-1')], proven, { 'agent-1': silent });
    expect(machine).toMatchObject({ state: 'present', power: 'unknown' });
    expect(unknown).toBe('no answer');
  });

  test('is left alone if another one of ours lives beside it', () => {
    const { unknown } = decide([record('hand-made')], proven, { 'agent-1': running, 'hand-made': running });
    expect(unknown).toMatch(
      /two machines, hand-made \(lxc\) in Vagrant's record and agent-1 \(lxc\) besides/,
    );
  });
});

describe('a machine that Vagrant has no record of', () => {
  test('is forgotten if the one we built lives', () => {
    expect(decide([record(null)], proven, { 'agent-1': running })).toEqual({
      machine: { state: 'forgotten', id: 'agent-1', provider: 'lxc', power: 'running' },
      unknown: null,
    });
  });

  test('is forgotten if a build of ours was cut off after the provider had made it', () => {
    const memory = { ...newGuestMemory, building };
    const stopped: MachineAnswer = { state: 'exists', power: 'stopped' };
    expect(decide([], memory, { 'agent-2': stopped }).machine).toMatchObject({
      state: 'forgotten',
      id: 'agent-2',
    });
  });

  test('is forgotten if only the copy of its record tells of it', () => {
    const kept = [{ machine: 'default', provider: 'lxc', id: 'agent-0', box: null }];
    const clues = gatherClues([], newGuestMemory, kept, lxc);
    expect(decideMachine(clues, () => running).machine).toMatchObject({ state: 'forgotten', id: 'agent-0' });
  });

  test('is absent if nothing of ours lives', () => {
    expect(decide([], proven, {})).toEqual({ machine: { state: 'absent' }, unknown: null });
  });

  test('is not called absent while nobody can tell: a second guest would be made', () => {
    const { unknown } = decide([], proven, { 'agent-1': silent });
    expect(unknown).toMatch(/nobody can tell whether agent-1 \(lxc\) exists: no answer/);
  });

  test('is not looked for under a name that its provider does not take', () => {
    const clues = gatherClues([], { ...newGuestMemory, building }, [], new Set(['virtualbox']));
    expect(clues.remembered).toEqual([]);
  });
});

describe('what a machine was built from', () => {
  const present = decide([record('agent-1')], proven, { 'agent-1': running }).machine;

  test('is known for the machine that was proven healthy', () => {
    expect(builtFromOf(present, proven)).toMatchObject({ commit: 'c0ffee', machineId: 'agent-1' });
  });

  test('is not known for one made by other hands in its place', () => {
    const other = decide([record('hand-made')], proven, { 'hand-made': running }).machine;
    expect(builtFromOf(other, proven)).toBeNull();
  });

  test('stays known while a build that is to replace it has not ended it', () => {
    expect(builtFromOf(present, { ...proven, building })).toMatchObject({ machineId: 'agent-1' });
  });

  test('is not known of the machine of a build that did not end', () => {
    const begun = decide(
      [record('agent-2')],
      { ...newGuestMemory, building },
      { 'agent-2': running },
    ).machine;
    expect(begun).toMatchObject({ state: 'present', id: 'agent-2' });
    expect(builtFromOf(begun, { ...newGuestMemory, building })).toBeNull();
  });

  test('is not known of a machine that is no more', () => {
    expect(builtFromOf(decide([record('agent-1')], proven, {}).machine, proven)).toBeNull();
  });
});
