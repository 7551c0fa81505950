import { describe, expect, it } from 'vitest';
import type { GuestSpec, HostSpec } from '../../../reconciler/desired/spec.ts';
import type { HostObservation } from '../../../reconciler/observed/observation.ts';
import { lintPlan } from '../../../reconciler/plan/lint-plan.ts';
import { makePlan } from '../../../reconciler/plan/make-plan.ts';
import type { Plan } from '../../../reconciler/plan/plan.ts';
import {
  box,
  built,
  COMMIT,
  file,
  guest,
  host,
  ids,
  NOW,
  OLD_COMMIT,
  observation,
  observed,
  observedBox,
  present,
  running,
} from './builders.ts';

function plan(spec: HostSpec, seen: Partial<HostObservation>): Plan {
  const whole = observation(seen);
  const made = makePlan({ spec, commit: COMMIT, observation: whole, now: NOW });
  expect(lintPlan(made, whole)).toEqual([]);
  return made;
}

const OLD = guest();
const NEW_BOX = guest({ box: box('2022.2.24') });
const oldBoxInUse = observedBox(box('2022.2.17'), ['azure-agent']);

/** A running guest built from OLD, and the desired state asks for something else. */
function changed(change: Partial<GuestSpec>, lineChanges: Record<string, number> = {}) {
  return plan(host([guest(change)]), { boxes: [oldBoxInUse], guests: [running(OLD, { lineChanges })] });
}

describe('a host that is what it should be', () => {
  it('has nothing to do', () => {
    const made = plan(host([OLD]), { boxes: [oldBoxInUse], guests: [running(OLD)] });
    expect(made).toEqual({ host: 'builder1', commit: COMMIT, actions: [], held: [], notes: [], spare: [] });
  });
});

describe('a guest that is not there', () => {
  it('is created, after its box is fetched and added, at any time', () => {
    const made = plan(host([OLD]), { guests: [observed()] });
    expect(ids(made)).toEqual([
      'fetch-box azure-ci-node 2022.2.17 (lxc)',
      'add-box azure-ci-node 2022.2.17 (lxc)',
      'create-guest azure-agent',
    ]);
    expect(made.actions.map(({ disruptive }) => disruptive)).toEqual([false, false, false]);
    expect(made.actions.at(-1)).toMatchObject({
      reason: 'it does not exist yet',
      target: { role: 'desired', commit: COMMIT },
    });
  });

  it('needs no fetch when its file was fetched before', () => {
    const made = plan(host([OLD]), { guests: [observed()], fetched: [OLD.box.sha256] });
    expect(ids(made)).toEqual(['add-box azure-ci-node 2022.2.17 (lxc)', 'create-guest azure-agent']);
  });

  it('is put back when someone destroyed it', () => {
    const made = plan(host([OLD]), {
      boxes: [observedBox(box('2022.2.17'))],
      guests: [observed({ lastGood: { spec: OLD, commit: OLD_COMMIT } })],
    });
    expect(made.actions).toMatchObject([
      { id: 'create-guest azure-agent', reason: 'its machine is gone: it was destroyed, not by Boxreeve' },
    ]);
  });

  it('is put back when it was removed below Vagrant', () => {
    const made = plan(host([OLD]), {
      boxes: [oldBoxInUse],
      guests: [observed({ machine: { state: 'vanished', id: 'm1', provider: 'lxc' } })],
    });
    expect(made.actions).toMatchObject([
      { kind: 'create-guest', reason: expect.stringContaining('removed below Vagrant'), disruptive: false },
    ]);
  });
});

describe('a guest whose desired state changed', () => {
  it('says which file changed, by how many lines, and what was applied last', () => {
    const made = changed(
      { files: [file('Vagrantfile', 'v1'), file('init.sh', 'v2', { executable: true })] },
      { 'init.sh': 3 },
    );
    expect(made.actions).toMatchObject([
      {
        id: 'rebuild-guest azure-agent',
        reason: 'init.sh changed (3 lines), last applied 4f2c1a9',
        before: 'azure-ci-node 2022.2.17, as of 4f2c1a9',
        after: 'azure-ci-node 2022.2.17, as of 9ab3e51',
        disruptive: true,
        recycle: false,
      },
    ]);
  });

  it('says one line in the singular, and no count where none is known', () => {
    const files = [file('Vagrantfile', 'v2'), file('init.sh', 'v2', { executable: true })];
    expect(changed({ files }, { 'init.sh': 1 }).actions[0]?.reason).toBe(
      'Vagrantfile changed, init.sh changed (1 line), last applied 4f2c1a9',
    );
  });

  it('names files that came, went or became executable', () => {
    const files = [file('Vagrantfile', 'v1', { executable: true }), file('proxy.sh', 'v1')];
    expect(changed({ files }).actions[0]?.reason).toBe(
      'Vagrantfile is now executable, proxy.sh added, init.sh removed, last applied 4f2c1a9',
    );
  });

  it('names variables and secrets, never values', () => {
    const made = changed({ env: { GUEST_NAME: 'builder1b', POOL: 'x' }, secrets: ['AZURE_PAT'] });
    expect(made.actions[0]?.reason).toBe(
      'env GUEST_NAME changed, env POOL added, secret AZURE_PAT added, secret VSTS_TOKEN removed, last applied 4f2c1a9',
    );
  });

  it('says when the provider changes', () => {
    const made = changed({ provider: 'virtualbox', box: box('2022.2.17', { provider: 'virtualbox' }) });
    expect(made.actions.find(({ kind }) => kind === 'rebuild-guest')?.reason).toContain(
      'provider lxc → virtualbox',
    );
  });

  it('counts differences past the eighth', () => {
    const many = Array.from({ length: 12 }, (_, index) => file(`f${String(index).padStart(2, '0')}`, 'v1'));
    const files = [...OLD.files, ...many];
    expect(changed({ files }).actions[0]?.reason).toContain('f07 added, and 4 more changes, last applied');
  });

  it('of another box waits for that, and the old box goes only once the new one is proven', () => {
    const made = plan(host([NEW_BOX]), { boxes: [oldBoxInUse], guests: [running(OLD)] });
    expect(made.actions).toMatchObject([
      { id: 'fetch-box azure-ci-node 2022.2.24 (lxc)', needs: [] },
      { id: 'add-box azure-ci-node 2022.2.24 (lxc)', needs: ['fetch-box azure-ci-node 2022.2.24 (lxc)'] },
      {
        id: 'rebuild-guest azure-agent',
        reason: 'box azure-ci-node 2022.2.17 → 2022.2.24, last applied 4f2c1a9',
        needs: ['add-box azure-ci-node 2022.2.24 (lxc)'],
        disruptive: true,
      },
      {
        id: 'remove-box azure-ci-node 2022.2.17 (lxc)',
        needs: ['rebuild-guest azure-agent'],
        disruptive: false,
      },
    ]);
  });

  it('keeps the old box while another machine stands on it', () => {
    const boxes = [observedBox(box('2022.2.17'), ['azure-agent', '/home/me/try'])];
    const strangers = [{ name: 'default', folder: '/home/me/try', provider: 'lxc', box: 'azure-ci-node' }];
    const made = plan(host([NEW_BOX]), { boxes, guests: [running(OLD)], strangers });
    expect(ids(made)).not.toContain('remove-box azure-ci-node 2022.2.17 (lxc)');
    expect(made.notes).toEqual([
      'default in /home/me/try (lxc, box azure-ci-node) is not declared, and not touched',
    ]);
  });
});

describe('a guest that failed', () => {
  const failed = {
    fingerprint: NEW_BOX.fingerprint,
    commit: COMMIT,
    at: '2026-01-14T03:00:00.000Z',
    error: 'init.sh exited with 1',
  };
  const boxes = [observedBox(box('2022.2.17')), observedBox(box('2022.2.24'))];
  const lastGood = { spec: OLD, commit: OLD_COMMIT };

  it('goes back to what last worked, and keeps both boxes', () => {
    const made = plan(host([NEW_BOX]), { boxes, guests: [observed({ failed, lastGood })] });
    expect(made.actions).toMatchObject([
      {
        kind: 'create-guest',
        target: { role: 'last-good', commit: OLD_COMMIT },
        reason: expect.stringContaining('going back to what last worked'),
      },
    ]);
    expect(made.held).toMatchObject([{ guest: 'azure-agent', failed: true }]);
    expect(made.held[0]?.why).toBe(
      'azure-agent as of 9ab3e51 failed at 2026-01-14T03:00:00.000Z: init.sh exited with 1; it stays on what last worked ' +
        '(4f2c1a9); not tried again until the desired state changes, or `boxreeve sync --retry`',
    );
  });

  it('stays on what last worked', () => {
    const made = plan(host([NEW_BOX]), { boxes: [oldBoxInUse], guests: [running(OLD, { failed })] });
    expect([made.actions, made.held.length]).toEqual([[], 1]);
  });

  it('is left alone where nothing is known to have worked', () => {
    const made = plan(host([NEW_BOX]), { guests: [observed({ failed })] });
    expect(made.actions).toEqual([]);
    expect(made.held[0]?.why).toContain('nothing that worked is known to go back to');
  });

  it('is tried again as soon as the desired state is another one', () => {
    const mended = guest({ box: box('2022.2.24'), files: [file('init.sh', 'v3')] });
    const made = plan(host([mended]), { boxes, guests: [running(OLD, { failed })] });
    expect(ids(made)).toContain('rebuild-guest azure-agent');
    expect(made.held).toEqual([]);
  });
});

describe('a machine that is not as we left it', () => {
  it('made by hand is drift, and its box is named', () => {
    const made = plan(host([OLD]), {
      boxes: [observedBox(box('2022.2.17'), ['azure-agent'])],
      guests: [observed({ machine: present(box('2021.1.1')) })],
    });
    expect(made.actions).toMatchObject([
      {
        kind: 'rebuild-guest',
        reason: 'its machine was made by hand from box azure-ci-node 2021.1.1, not by Boxreeve',
        before: 'a machine made by hand from azure-ci-node 2021.1.1',
        disruptive: true,
      },
    ]);
  });

  it('put in the place of ours is drift too', () => {
    const made = plan(host([OLD]), {
      boxes: [oldBoxInUse],
      guests: [running(OLD, { machine: present(box('2022.2.17'), { id: 'another' }) })],
    });
    expect(made.actions).toMatchObject([
      { kind: 'rebuild-guest', reason: expect.stringContaining('made by hand') },
    ]);
  });

  it('that was cut in the making is made anew at any time', () => {
    const unfinished = { fingerprint: OLD.fingerprint, commit: COMMIT, at: '2026-01-14T03:00:00.000Z' };
    const made = plan(host([OLD]), {
      boxes: [oldBoxInUse],
      guests: [observed({ machine: present(OLD.box), unfinished })],
    });
    expect(made.actions).toMatchObject([
      {
        kind: 'rebuild-guest',
        disruptive: false,
        reason: 'the build begun at 2026-01-14T03:00:00.000Z (9ab3e51) was cut before it was proven',
      },
    ]);
  });

  it('still in service when a build was begun but had ended nothing is not taken for unproven', () => {
    const unfinished = { fingerprint: NEW_BOX.fingerprint, commit: COMMIT, at: '2026-01-14T03:00:00.000Z' };
    const boxes = [oldBoxInUse, observedBox(NEW_BOX.box)];
    const made = plan(host([NEW_BOX]), { boxes, guests: [running(OLD, { unfinished })] });
    expect(made.actions[0]).toMatchObject({ kind: 'rebuild-guest', disruptive: true });
  });

  it('stopped is booted', () => {
    const made = plan(host([OLD]), {
      boxes: [oldBoxInUse],
      guests: [running(OLD, { machine: present(OLD.box, { power: 'stopped' }) })],
    });
    expect(made.actions).toMatchObject([{ kind: 'start-guest', how: 'boot', disruptive: false }]);
  });

  it('of which nobody can tell whether it runs is left as it is, though the desired state changed', () => {
    const made = plan(host([NEW_BOX]), {
      boxes: [oldBoxInUse],
      guests: [running(OLD, { machine: present(OLD.box, { power: 'unknown' }) })],
    });
    expect(ids(made)).toEqual([
      'fetch-box azure-ci-node 2022.2.24 (lxc)',
      'add-box azure-ci-node 2022.2.24 (lxc)',
    ]);
    expect(made.held).toEqual([
      {
        guest: 'azure-agent',
        failed: false,
        why: 'azure-agent is left as it is: nobody can tell whether its machine is running',
      },
    ]);
  });

  const forgotten = { state: 'forgotten', id: 'm1', provider: 'lxc', power: 'running' } as const;

  it('that Vagrant forgot is told to it again, and not disturbed', () => {
    const made = plan(host([OLD]), {
      boxes: [observedBox(OLD.box)],
      guests: [running(OLD, { machine: forgotten })],
    });
    expect(made.actions).toMatchObject([{ kind: 'start-guest', how: 'restore-record', disruptive: false }]);
  });

  it('that Vagrant forgot and that is to change is told to it first, and changed in its window', () => {
    const boxes = [observedBox(OLD.box), observedBox(NEW_BOX.box)];
    const made = plan(host([NEW_BOX]), { boxes, guests: [running(OLD, { machine: forgotten })] });
    expect(made.actions).toMatchObject([
      { kind: 'start-guest', how: 'restore-record', target: { spec: { fingerprint: OLD.fingerprint } } },
      { kind: 'rebuild-guest', needs: ['start-guest azure-agent'], disruptive: true },
      { kind: 'remove-box', needs: ['rebuild-guest azure-agent'] },
    ]);
  });

  it('that a crash orphaned is swept and made anew', () => {
    const unfinished = { fingerprint: OLD.fingerprint, commit: COMMIT, at: '2026-01-14T03:00:00.000Z' };
    const made = plan(host([OLD]), {
      boxes: [observedBox(OLD.box)],
      guests: [observed({ machine: forgotten, unfinished })],
    });
    expect(made.actions).toMatchObject([{ kind: 'rebuild-guest', disruptive: false }]);
  });
});

describe('what could not be observed', () => {
  it('is not acted on, and neither is any box removed', () => {
    const unused = observedBox(box('2021.1.1'));
    const made = plan(host([NEW_BOX]), {
      boxes: [oldBoxInUse, observedBox(NEW_BOX.box), unused],
      guests: [running(OLD)],
      unknown: [{ guest: 'azure-agent', why: 'lxc-info did not answer' }],
    });
    expect(made.actions).toEqual([]);
    expect(made.held).toMatchObject([
      { guest: 'azure-agent', why: 'azure-agent is left as it is: lxc-info did not answer' },
    ]);
  });

  it('of the host as a whole stops everything', () => {
    const made = plan(host([NEW_BOX]), { unknown: [{ guest: null, why: 'VAGRANT_HOME cannot be read' }] });
    expect(made.actions).toEqual([]);
    expect(made.held).toMatchObject([
      { guest: null, why: 'this host is left as it is: VAGRANT_HOME cannot be read' },
    ]);
  });
});

describe('a guest that nobody declares any more', () => {
  it('is removed in its window, and its box after it', () => {
    const made = plan(host([]), { boxes: [oldBoxInUse], guests: [running(OLD)] });
    expect(made.actions).toMatchObject([
      { id: 'remove-guest azure-agent', disruptive: true, reason: 'it is not declared any more' },
      { id: 'remove-box azure-ci-node 2022.2.17 (lxc)', needs: ['remove-guest azure-agent'] },
    ]);
  });

  it('is left when its machine was made by hand', () => {
    const made = plan(host([]), { boxes: [oldBoxInUse], guests: [observed({ machine: present(OLD.box) })] });
    expect(made.actions).toEqual([]);
    expect(made.notes).toEqual([
      'azure-agent is not declared any more, but its machine was made by hand: it is left as it is',
    ]);
  });

  it('is cleared from the records when its machine is gone', () => {
    const made = plan(host([]), {
      guests: [observed({ machine: { state: 'vanished', id: 'm1', provider: 'lxc' } })],
    });
    expect(made.actions).toMatchObject([{ kind: 'remove-guest', disruptive: false }]);
  });
});

describe('boxes', () => {
  it('that nothing needs are removed if the catalogue has them and Boxreeve added them', () => {
    const boxes = [
      oldBoxInUse,
      observedBox(box('2021.1.1')),
      observedBox(box('2020.1.1'), [], null),
      observedBox(box('1', { name: 'debian/bookworm64' })),
    ];
    const made = plan(host([OLD]), { boxes, guests: [running(OLD)] });
    expect(ids(made)).toEqual(['remove-box azure-ci-node 2021.1.1 (lxc)']);
    expect(made.notes).toEqual([
      'box azure-ci-node 2020.1.1 (lxc) is not needed, but was not added by Boxreeve: it is left as it is',
    ]);
  });

  it('with another file under the same version are replaced when nothing stands on them', () => {
    const made = plan(host([OLD]), { boxes: [observedBox(OLD.box, [], null)], guests: [observed()] });
    expect(ids(made)).toEqual([
      'fetch-box azure-ci-node 2022.2.17 (lxc)',
      'remove-box azure-ci-node 2022.2.17 (lxc)',
      'add-box azure-ci-node 2022.2.17 (lxc)',
      'create-guest azure-agent',
    ]);
  });

  it('with another file under the same version are replaced together with the guest on them, in its window', () => {
    const again = guest({ box: box('2022.2.17', { sha256: 'f'.repeat(64) }) });
    const made = plan(host([again]), { boxes: [oldBoxInUse], guests: [running(OLD)] });
    expect(made.actions.map(({ id, disruptive }) => [id, disruptive])).toEqual([
      ['fetch-box azure-ci-node 2022.2.17 (lxc)', false],
      ['remove-guest azure-agent', true],
      ['remove-box azure-ci-node 2022.2.17 (lxc)', false],
      ['add-box azure-ci-node 2022.2.17 (lxc)', false],
      ['create-guest azure-agent', false],
    ]);
    expect(made.actions[1]?.needs).toEqual(['fetch-box azure-ci-node 2022.2.17 (lxc)']);
  });

  it('with another file under the same version are held while a stranger stands on them', () => {
    const boxes = [observedBox(OLD.box, ['/home/me/try'], null)];
    const made = plan(host([OLD]), { boxes, guests: [observed()] });
    expect(made.actions).toEqual([]);
    expect(made.held[0]?.why).toBe(
      'azure-agent is left as it is: box azure-ci-node 2022.2.17 (lxc) on this host is not the file of the catalogue, ' +
        'and /home/me/try stands on it',
    );
  });

  it('that two guests want with different files hold the later one', () => {
    const other = guest({ name: 'docs-agent', box: box('2022.2.17', { sha256: 'f'.repeat(64) }) });
    const made = plan(host([OLD, other]), {
      boxes: [observedBox(OLD.box)],
      guests: [observed(), observed({ name: 'docs-agent' })],
    });
    expect(ids(made)).toEqual(['create-guest azure-agent']);
    expect(made.held).toMatchObject([
      { guest: 'docs-agent', why: expect.stringContaining('two different files') },
    ]);
  });

  it('of a guest built before, gone from the store, are fetched again though the guest runs', () => {
    const made = plan(host([OLD]), { guests: [running(OLD)] });
    expect(ids(made)).toEqual([
      'fetch-box azure-ci-node 2022.2.17 (lxc)',
      'add-box azure-ci-node 2022.2.17 (lxc)',
    ]);
  });
});

describe('several guests', () => {
  it('are each seen to: what disturbs nobody first, then what does', () => {
    const docs = guest({ name: 'docs-agent', files: [file('init.sh', 'v2')] });
    const made = plan(host([guest({ files: [file('init.sh', 'v2')] }), docs]), {
      boxes: [oldBoxInUse],
      guests: [running(OLD), observed({ name: 'docs-agent' })],
    });
    expect(ids(made)).toEqual(['create-guest docs-agent', 'rebuild-guest azure-agent']);
  });

  it('share an old box until the last of them is proven on the new one', () => {
    const docs = guest({ name: 'docs-agent', box: box('2022.2.24') });
    const made = plan(host([NEW_BOX, docs]), {
      boxes: [observedBox(OLD.box, ['azure-agent', 'docs-agent']), observedBox(NEW_BOX.box)],
      guests: [
        running(OLD),
        running(guest({ name: 'docs-agent' }), { builtFrom: built(guest({ name: 'docs-agent' })) }),
      ],
    });
    expect(made.actions.at(-1)).toMatchObject({
      kind: 'remove-box',
      needs: ['rebuild-guest azure-agent', 'rebuild-guest docs-agent'],
    });
  });
});
