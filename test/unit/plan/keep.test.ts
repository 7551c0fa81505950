import { describe, expect, it } from 'vitest';
import type { HostSpec } from '../../../reconciler/desired/spec.ts';
import type { HostObservation } from '../../../reconciler/observed/observation.ts';
import { makePlan } from '../../../reconciler/plan/make-plan.ts';
import {
  box,
  COMMIT,
  digest,
  guest,
  host,
  ids,
  NOW,
  observation,
  observed,
  observedBox,
  observedFile,
  running,
} from './builders.ts';

const NEWEST = box('2022.2.24');
const OLD = box('2022.2.17');
const OLDER = box('2022.2.9');
const here = { boxes: [observedBox(NEWEST, ['azure-agent'])], guests: [running(guest({ box: NEWEST }))] };

function plan(seen: Partial<HostObservation>, change: Partial<HostSpec> = {}) {
  const spec = host([guest({ box: NEWEST })], change);
  return makePlan({ spec, commit: COMMIT, observation: observation({ ...here, ...seen }), now: NOW });
}

describe('boxes that nothing needs', () => {
  const boxes = [...here.boxes, observedBox(OLDER), observedBox(OLD)];

  it('all go where nothing is said', () => {
    expect(ids(plan({ boxes }))).toEqual([
      'remove-box azure-ci-node 2022.2.9 (lxc)',
      'remove-box azure-ci-node 2022.2.17 (lxc)',
    ]);
  });

  it('stay, the newest ones, as many as the desired state says; 2022.2.17 is newer than 2022.2.9', () => {
    const made = plan({ boxes }, { keep: { older: 1, files: null } });
    expect(ids(made)).toEqual(['remove-box azure-ci-node 2022.2.9 (lxc)']);
    expect(made.spare).toEqual([
      { box: { name: 'azure-ci-node', version: '2022.2.17', provider: 'lxc' }, bytes: null },
    ]);
    expect(ids(plan({ boxes }, { keep: { older: 2, files: null } }))).toEqual([]);
  });

  it('are counted for each provider by itself, and without those that are not ours', () => {
    const other = box('2022.1.1', { provider: 'virtualbox' });
    const byHand = observedBox(box('2022.2.20'), [], null);
    const made = plan({ boxes: [...boxes, observedBox(other), byHand] }, { keep: { older: 1, files: null } });
    expect(ids(made)).toEqual(['remove-box azure-ci-node 2022.2.9 (lxc)']);
  });

  it('take their file with them, and tell what that frees', () => {
    const old = observedBox(OLD, [], OLD.sha256, 40_000_000);
    const made = plan({ boxes: [...here.boxes, old], files: [observedFile(OLD)] });
    expect(made.actions).toMatchObject([
      {
        id: 'remove-box azure-ci-node 2022.2.17 (lxc)',
        from: 'vagrant',
        file: OLD.sha256,
        frees: 53_000_000,
        before: 'azure-ci-node 2022.2.17 and its file',
        disruptive: false,
      },
    ]);
  });

  it('take a file that two of them were added from along once', () => {
    const same = [observedBox(OLD), observedBox(OLDER, [], OLD.sha256)];
    const made = plan({ boxes: [...here.boxes, ...same], files: [observedFile(OLD)] });
    expect(made.actions).toMatchObject([{ file: null }, { file: OLD.sha256 }]);
  });
});

describe('the box that is left', () => {
  const before = {
    boxes: [observedBox(OLD, ['azure-agent'])],
    guests: [running(guest({ box: OLD }))],
    files: [observedFile(OLD)],
  };

  it('goes, its file with it, only once the guest is proven on the new one', () => {
    expect(plan(before).actions.at(-1)).toMatchObject({
      kind: 'remove-box',
      file: OLD.sha256,
      needs: ['rebuild-guest azure-agent'],
    });
  });

  it('stays as the one older version, once it is left as well', () => {
    const made = plan(before, { keep: { older: 1, files: null } });
    expect(made.actions.map(({ kind }) => kind)).not.toContain('remove-box');
  });
});

describe('a box file', () => {
  const withFile = (change: Partial<Parameters<typeof observedFile>[1]> = {}) => ({
    files: [observedFile(NEWEST, change)],
  });

  it('of a box that Vagrant has goes where nobody has a use for it', () => {
    expect(plan(withFile()).actions).toMatchObject([
      {
        kind: 'remove-box',
        from: 'files',
        id: `remove-box file ${NEWEST.sha256.slice(0, 12)}`,
        box: { name: 'azure-ci-node', version: '2022.2.24', provider: 'lxc' },
        before: 'file of azure-ci-node 2022.2.24, 12.4 MiB',
        frees: 13_000_000,
        needs: [],
      },
    ]);
  });

  it.each([
    ['a chunk list', { chunks: digest('list') }, null, true],
    ['other hosts among its sources', { sources: ['peers:', 'file:///b.box'] }, null, true],
    ['neither', {}, null, false],
    ['neither, and the desired state keeps all files', {}, true, true],
    ['a chunk list, and the desired state keeps no files', { chunks: digest('list') }, false, false],
  ])('of a box with %s stays or goes as that says, and so it is added', (_what, change, files, stays) => {
    const wanted = box('2022.2.24', change);
    const spec = host([guest({ box: wanted })], { keep: { older: 0, files } });
    const made = (seen: Partial<HostObservation>) =>
      makePlan({ spec, commit: COMMIT, observation: observation(seen), now: NOW });
    const added = made({ guests: [observed()], files: [observedFile(wanted)] });
    expect(added.actions).toMatchObject([{ kind: 'add-box', keepsFile: stays }, { kind: 'create-guest' }]);
    const there = made({
      guests: [running(guest({ box: wanted }))],
      boxes: [observedBox(wanted, ['azure-agent'])],
      files: [observedFile(wanted)],
    });
    expect(there.actions.map(({ kind }) => kind)).toEqual(stays ? [] : ['remove-box']);
  });

  it('of an older version that stays, stays with it', () => {
    const seen = { boxes: [...here.boxes, observedBox(OLD)], files: [observedFile(OLD)] };
    expect(ids(plan(seen, { keep: { older: 1, files: null } }))).toEqual([]);
    expect(ids(plan(seen, { keep: { older: 1, files: false } }))).toEqual([
      `remove-box file ${OLD.sha256.slice(0, 12)}`,
    ]);
  });

  it('that is fetched, or is being fetched, for what comes next stays', () => {
    const next = { boxes: [], guests: [observed()] };
    for (const state of ['whole', 'cut', 'rest'] as const) {
      const made = plan({ ...next, files: [observedFile(NEWEST, { state })] });
      expect(made.actions.map(({ kind }) => kind)).not.toContain('remove-box');
    }
  });

  it('that is a cut download of what nobody needs now goes, also where nobody knows whose it is', () => {
    const cut = observedFile(OLD, { state: 'cut', box: null, bytes: 2_000_000 });
    expect(plan({ files: [cut] }).actions).toMatchObject([
      { from: 'files', box: null, before: `cut download of SHA-256 ${OLD.sha256.slice(0, 8)}, 1.9 MiB` },
    ]);
  });

  it('that alone has what a guest goes back to waits until the guest is proven', () => {
    const lastGood = { spec: guest({ box: OLD }), commit: COMMIT };
    const made = plan({ boxes: [], guests: [observed({ lastGood })], files: [observedFile(OLD)] });
    expect(made.actions.at(-1)).toMatchObject({ from: 'files', needs: ['create-guest azure-agent'] });
  });

  it('that a person built, imported or fetched stays for 30 days', () => {
    const made = (days: number) =>
      plan({
        files: [observedFile(box('3'), { byHandSince: new Date(NOW - days * 86_400_000).toISOString() })],
      });
    expect(ids(made(29))).toEqual([]);
    expect(ids(made(31))).toHaveLength(1);
  });

  it('that nobody knows is left as it is, and told of', () => {
    const made = plan({
      files: [observedFile(OLD, { box: null })],
      strangeFiles: ['initialized.box', 'notes.txt'],
    });
    expect(ids(made)).toEqual([]);
    expect(made.notes).toEqual([
      `${OLD.sha256}.box is a file of no box that is known here, and is left as it is (12.4 MiB)`,
      "not Boxreeve's in the folder of box files, and left as it is: initialized.box, notes.txt",
    ]);
  });

  it('stays, whatever it is, while part of the host could not be observed', () => {
    const unknown = [{ guest: 'azure-agent', why: 'lxc-info did not answer' }];
    expect(ids(plan({ ...withFile(), unknown }))).toEqual([]);
  });
});
