/** What is built, what is gone on with, and what is not built again. */
import { describe, expect, it } from 'vitest';
import { type BuildJournal, parseJournal } from '../../../../reconciler/boxes/build/journal.ts';
import {
  type BuildAsked,
  buildInputs,
  freeVersion,
  mayNotBuild,
  planBuild,
  stageInputs,
} from '../../../../reconciler/boxes/build/plan-build.ts';
import type { RecipeSpec } from '../../../../reconciler/desired/recipe.ts';

const NOW = Date.UTC(2022, 1, 24, 23, 30);
const FRESH: BuildAsked = { version: null, again: false };
const BASE = {
  ...{ name: 'base', version: '1', provider: 'lxc', sha256: 'a1'.repeat(32), size: 5 },
  sources: ['peers:'],
};

const RECIPE: RecipeSpec = {
  ...{ name: 'common-box', box: 'azure-ci-node', provider: 'lxc', version: '{yyyy}.{m}.{d}' },
  builders: { hosts: ['builder1'], labels: ['catalina'] },
  sources: ['peers:'],
  rebuildEvery: null,
  timeouts: { command: 1, up: 2, shutdown: 3, package: 4 },
  stages: [
    {
      kind: 'command',
      name: 'base',
      command: ['make'],
      output: 'x',
      env: { A: '1', B: '2' },
      secrets: ['T', 'S'],
    },
    { kind: 'vagrant', name: 'common', base: BASE, wait: 'stop', vagrantfile: null, env: {}, secrets: [] },
  ],
  files: [{ path: 'init.sh', executable: true, oid: '1', sha256: 'b2'.repeat(32), size: 3 }],
};

const RESULT = { sha256: 'c3'.repeat(32), size: 9, chunks: 'd4'.repeat(32), endedAt: 'then', change: null };

function journal(change: Partial<BuildJournal> = {}): BuildJournal {
  return {
    ...{ inputs: buildInputs(RECIPE), version: '2022.2.23', commit: 'c', startedAt: 'then' },
    ...{ stages: [], machine: null, processes: [], result: null },
    ...change,
  };
}

function plan(catalogue: Parameters<typeof planBuild>[1], kept: BuildJournal | null, asked = FRESH) {
  return planBuild(RECIPE, catalogue, kept, asked, NOW);
}

describe('a build', () => {
  const same = { version: '2022.2.20', provider: 'lxc', inputs: buildInputs(RECIPE) };

  it('makes the version of the day, by the clock of UTC', () => {
    expect(plan([], null)).toEqual({ state: 'build', version: '2022.2.24', takenUp: false });
  });

  it('makes a further one where that is taken', () => {
    const taken = ['2022.2.24', '2022.2.24.1'].map((version) => ({ version, provider: 'lxc' }));
    expect(plan(taken, null)).toMatchObject({ version: '2022.2.24.2' });
    expect(freeVersion('7', new Set(['7']), NOW)).toBe('7.1');
  });

  it('is not done if the catalogue has one from the same inputs, unless it is asked for again', () => {
    expect(plan([same], null)).toEqual({ state: 'catalogued', version: '2022.2.20' });
    expect(plan([same], null, { version: null, again: true })).toMatchObject({ state: 'build' });
    expect(plan([{ ...same, provider: 'libvirt' }], null)).toMatchObject({ state: 'build' });
    expect(plan([{ ...same, inputs: undefined }], null)).toMatchObject({ state: 'build' });
  });

  it('is not done again while its box waits to be merged', () => {
    expect(plan([], journal({ result: RESULT }))).toEqual({
      state: 'built',
      version: '2022.2.23',
      result: RESULT,
    });
    expect(plan([], journal({ result: RESULT, inputs: 'other' }))).toMatchObject({
      state: 'build',
      takenUp: false,
    });
  });

  it('that was cut is taken up under its version, also on the next day', () => {
    expect(plan([], journal())).toEqual({ state: 'build', version: '2022.2.23', takenUp: true });
    expect(plan([], journal({ inputs: 'other' }))).toMatchObject({ version: '2022.2.24', takenUp: false });
    expect(plan([], journal(), { version: '9', again: false })).toMatchObject({
      version: '9',
      takenUp: false,
    });
    expect(plan([{ version: '2022.2.23', provider: 'lxc' }], journal())).toMatchObject({ takenUp: false });
  });
});

describe('the digest of the inputs', () => {
  const changed = (change: Partial<RecipeSpec>) => buildInputs({ ...RECIPE, ...change });
  const [first, second] = RECIPE.stages;
  const withFirst = (change: object) => {
    if (first?.kind !== 'command' || second === undefined) throw new Error('another recipe');
    return changed({ stages: [{ ...first, ...change }, second] });
  };

  it('is of everything that can change the box', () => {
    if (first === undefined || second?.kind !== 'vagrant') throw new Error('another recipe');
    const digests = [
      buildInputs(RECIPE),
      changed({ provider: 'libvirt' }),
      changed({ box: 'other' }),
      changed({ files: [] }),
      changed({ files: RECIPE.files.map((file) => ({ ...file, executable: false })) }),
      withFirst({ command: ['make', '-k'] }),
      withFirst({ env: { A: '1', B: '3' } }),
      withFirst({ secrets: ['T'] }),
      withFirst({ output: 'y' }),
      changed({ stages: [first, { ...second, wait: 'shutdown' }] }),
      changed({ stages: [first, { ...second, base: { ...BASE, sha256: 'e5'.repeat(32) } }] }),
      changed({ stages: [second, first] }),
    ];
    expect(new Set(digests).size).toBe(digests.length);
  });

  it('is of nothing else', () => {
    const alike = [
      changed({ timeouts: { ...RECIPE.timeouts, up: 9 } }),
      changed({ sources: ['https://example.org/x'], builders: null, version: '1', name: 'renamed' }),
      withFirst({ env: { B: '2', A: '1' }, secrets: ['S', 'T'] }),
    ];
    expect(new Set([buildInputs(RECIPE), ...alike]).size).toBe(1);
  });

  it('of a stage is of that stage, and of the file of the one before', () => {
    const later = { ...RECIPE, stages: RECIPE.stages.slice(0, 1) };
    expect(stageInputs(later, 0, null)).toBe(stageInputs(RECIPE, 0, null));
    expect(stageInputs(RECIPE, 1, 'a')).not.toBe(stageInputs(RECIPE, 1, 'b'));
  });
});

it('a host builds by its name or one of its labels, and by no other', () => {
  expect(mayNotBuild(RECIPE, { host: 'builder1', labels: [] })).toBeNull();
  expect(mayNotBuild(RECIPE, { host: 'builder2', labels: ['catalina'] })).toBeNull();
  expect(mayNotBuild({ ...RECIPE, builders: null }, { host: 'x', labels: [] })).toBeNull();
  expect(mayNotBuild(RECIPE, { host: 'builder8', labels: ['monterey'] })).toBe(
    'recipe common-box is built by builder1, hosts with the label catalina, not by builder8: see its `builders`',
  );
});

describe('the journal', () => {
  const whole = journal({
    stages: [{ name: 'base', inputs: 'i', output: { sha256: 's', size: 1 } }],
    processes: [{ pid: 7, startedAt: 'boot 1' }],
    result: { ...RESULT, change: { branch: 'b', commit: 'c', pushed: false } },
  });

  it('is read as it was written', () => {
    expect(parseJournal(JSON.stringify(whole))).toEqual(whole);
  });

  it.each([
    '',
    'null',
    '{',
    '[]',
    JSON.stringify({ ...whole, stages: [{}] }),
    JSON.stringify({ ...whole, processes: [{ pid: '7', startedAt: '' }] }),
    JSON.stringify({ ...whole, result: { sha256: 1 } }),
    JSON.stringify({ ...whole, machine: 7 }),
  ])('is none if it is damaged: %s', (text) => {
    expect(parseJournal(text)).toBeNull();
  });
});
