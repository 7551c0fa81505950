import { describe, expect, it } from 'vitest';
import {
  draftOfAttempt,
  draftOfCheckIn,
  draftOfInterrupted,
  draftOfPause,
  draftOfRefusal,
  draftOfWaiting,
} from '../../../reconciler/audit/draft.ts';
import type { AttemptHeader } from '../../../reconciler/audit/outbox.ts';
import type { Gate } from '../../../reconciler/gate/gates.ts';
import { COMMIT } from '../plan/builders.ts';
import { boxAction, create, ended, rebuild, target } from './outcomes.ts';

const moment = {
  time: '2026-11-23T12:01:00.000Z',
  versions: { boxreeve: '0.1.0', vagrant: '2.3.4', providers: { lxc: '1.4.3' } },
  fingerprints: { 'azure-agent': 'f'.repeat(64) },
};
const desired = {
  commit: COMMIT,
  subject: 'Bump the box (#7)',
  author: 'Ada <ada@example.org>',
  authoredAt: '2026-11-23T11:00:00.000Z',
  signedBy: 'ada@example.org',
  pullRequest: 7,
};
const header: AttemptHeader = {
  id: '0b1c2d3e-0000-4000-8000-000000000000',
  trigger: 'poll',
  startedAt: '2026-11-23T12:00:00.000Z',
  desired,
};
const about = { id: header.id, trigger: header.trigger, desired };
const bump = rebuild('azure-ci-node 2022.2.17, as of 4f2c1a9', target('2022.2.24'));
const failure = ended(bump, { result: 'failed', exitStatus: 1, error: 'init.sh ended with status 1' });
const closed: Gate = {
  kind: 'window',
  window: 'nightly',
  opensAt: null,
  detail: 'the window nightly is closed',
};

describe('the record of an attempt', () => {
  it('has each action with its reason, what was there before, how long it took and what became of it', () => {
    const probe = { guest: 'azure-agent', name: 'nix', ok: true, detail: 'nix 2.4', durationMs: 5 };
    const outcome = ended(bump, { output: 'ok\n', probes: [probe] });
    expect(draftOfAttempt(header, [outcome], [], ['a note'], moment)).toEqual({
      ...moment,
      id: header.id,
      kind: 'applied',
      outcome: 'applied',
      trigger: 'poll',
      desired,
      actions: [
        {
          kind: 'rebuild-guest',
          guest: 'azure-agent',
          box: null,
          reason: 'the box changed',
          before: 'azure-ci-node 2022.2.17, as of 4f2c1a9',
          after: '',
          result: 'done',
          start: '2026-11-23T12:00:01.000Z',
          durationMs: 65_000,
          exitStatus: 0,
          output: 'ok\n',
          error: null,
        },
      ],
      gates: [],
      probes: [probe],
      notes: ['a note'],
      summary: 'rebuilt azure-agent on azure-ci-node 2022.2.24 (was 2022.2.17)',
    });
  });

  it('is failed if nothing was put back, and rolled back if each guest that failed was', () => {
    const back = ended(create(target('2022.2.17', 'last-good')));
    const stuck = ended(boxAction('add-box', '2022.2.24'), { result: 'failed', error: 'disk full' });
    const outcome = (...of: Parameters<typeof draftOfAttempt>[1]) =>
      draftOfAttempt(header, of, [], [], moment).outcome;
    expect(outcome(failure)).toBe('failed');
    expect(outcome(failure, back)).toBe('rolled-back');
    expect(outcome(failure, { ...back, result: 'failed' })).toBe('failed');
    expect(outcome(failure, back, stuck)).toBe('failed');
    expect(outcome(failure, ended(create(target('2022.2.24'))))).toBe('failed');
  });

  it('names a gate once, however many actions it holds', () => {
    const pending = [bump, create(target('2022.2.24'))].map((action) => ({ action, gates: [closed] }));
    expect(draftOfAttempt(header, [], pending, [], moment).gates).toEqual([closed]);
  });
});

describe('the record of an attempt that was cut', () => {
  const left = { header, outcomes: [], underWay: null, processes: [], draft: null };

  it('has what had ended, and what was under way as interrupted', () => {
    const add = ended(boxAction('add-box', '2022.2.24'));
    const draft = draftOfInterrupted(
      { ...left, outcomes: [add], underWay: { action: bump, at: '2026-11-23T12:00:30.000Z' } },
      moment,
    );
    expect(draft).toMatchObject({
      id: header.id,
      kind: 'applied',
      outcome: 'interrupted',
      summary: 'was cut rebuilding azure-agent: the reconciler ended before this did',
    });
    expect(draft.actions.map(({ kind, result, start }) => [kind, result, start])).toEqual([
      ['add-box', 'done', '2026-11-23T12:00:01.000Z'],
      ['rebuild-guest', 'interrupted', '2026-11-23T12:00:30.000Z'],
    ]);
  });

  it('is interrupted also between two actions, and before the first', () => {
    expect(draftOfInterrupted({ ...left, outcomes: [ended(bump)] }, moment)).toMatchObject({
      outcome: 'interrupted',
      summary: 'cut after rebuilt azure-agent on azure-ci-node 2022.2.24 (was 2022.2.17)',
    });
    expect(draftOfInterrupted(left, moment)).toMatchObject({
      outcome: 'interrupted',
      actions: [],
      summary: 'cut before anything was done',
    });
  });

  it('is the record itself if that was already written', () => {
    const draft = draftOfAttempt(header, [ended(bump)], [], [], moment);
    expect(draftOfInterrupted({ ...left, draft }, { ...moment, time: '2027-01-01T00:00:00.000Z' })).toBe(
      draft,
    );
  });
});

describe('the record of a host that does nothing', () => {
  it('says what waits, and for what, first', () => {
    const pending = [
      { action: boxAction('add-box', '2022.2.24'), gates: [] },
      { action: bump, gates: [closed] },
      { action: boxAction('remove-box', '2022.2.17'), gates: [closed] },
    ];
    expect(draftOfWaiting(about, pending, ['more'], moment)).toMatchObject({
      kind: 'waiting',
      outcome: 'waiting',
      actions: [],
      gates: [closed],
      notes: [
        'waits: rebuild-guest azure-agent: the box changed',
        'waits: remove-box azure-ci-node 2022.2.17: the box changed',
        'more',
      ],
      summary: 'waits with rebuild-guest azure-agent and 1 more: the window nightly is closed',
    });
  });

  it('says which commit is refused, and every reason', () => {
    expect(draftOfRefusal(about, 'fleet.yaml:1:1 is wrong\nb.yaml:2:2 too', moment)).toMatchObject({
      kind: 'refused',
      outcome: 'refused',
      desired,
      notes: ['fleet.yaml:1:1 is wrong', 'b.yaml:2:2 too'],
      summary: 'refused 9ab3e51: fleet.yaml:1:1 is wrong (and 1 more)',
    });
  });

  it('is in sync only if no probe fails and nothing is the matter', () => {
    const probe = { guest: 'azure-agent', name: 'nix', ok: true, detail: '', durationMs: 5 };
    expect(draftOfCheckIn(about, [], [probe], moment)).toMatchObject({
      kind: 'check-in',
      outcome: 'in-sync',
      summary: 'in sync with 9ab3e51',
    });
    expect(draftOfCheckIn(about, ['x is held'], [{ ...probe, ok: false }], moment)).toMatchObject({
      outcome: 'unhealthy',
      notes: ['x is held'],
      summary: 'unhealthy: probe nix of azure-agent and 1 more',
    });
    expect(draftOfCheckIn({ ...about, desired: null }, [], [], moment).summary).toBe('in sync');
  });

  it('says why it is paused, and that it is no more', () => {
    expect(draftOfPause(about, 'paused', 'moving racks', moment)).toMatchObject({
      kind: 'paused',
      outcome: 'paused',
      notes: ['moving racks'],
      summary: 'paused: moving racks',
    });
    expect(draftOfPause(about, 'resumed', 'done', moment).summary).toBe('resumed: done');
  });
});

describe('who can get into a guest', () => {
  const key = { kind: 'insecure-key', detail: 'it lets in vagrant' } as const;
  const reach = { kind: 'ssh-beyond-host', detail: 'its SSH answers on 0.0.0.0:2222' } as const;
  const refusal = 'azure-agent is exposed, which is refused';

  it('is left out of the record where nobody looked, and is none where nothing was found', () => {
    const closed = { violations: [], unknown: [] };
    expect(draftOfAttempt(header, [ended(bump)], [], [], moment)).not.toHaveProperty('violations');
    const looked = ended(bump, { exposure: closed });
    expect(draftOfAttempt(header, [looked], [], [], moment).violations).toEqual([]);
    expect(draftOfCheckIn(about, [], [], moment)).not.toHaveProperty('violations');
    const exposures = new Map([['azure-agent', closed]]);
    expect(draftOfCheckIn(about, [], [], moment, { exposures, doubts: [] }).violations).toEqual([]);
  });

  it('is in the record of a change that was gone back from, of the new guest and of what it went back to, each once', () => {
    const back = rebuild('', target('2022.2.17', 'last-good'));
    const outcomes = [
      ended(bump, {
        result: 'failed',
        error: 'exposed',
        exposure: { violations: [reach, key], unknown: [] },
      }),
      ended(back, { exposure: { violations: [key], unknown: [] } }),
    ];
    const draft = draftOfAttempt(header, outcomes, [], [], moment, [refusal]);
    expect(draft).toMatchObject({ outcome: 'rolled-back', notes: [refusal] });
    expect(draft.violations).toEqual([
      { guest: 'azure-agent', ...reach },
      { guest: 'azure-agent', ...key },
    ]);
  });

  it('makes a change unhealthy that went well and left open what is refused', () => {
    const outcome = ended(bump, { exposure: { violations: [key], unknown: [] } });
    expect(draftOfAttempt(header, [outcome], [], [], moment, [refusal])).toMatchObject({
      outcome: 'unhealthy',
      summary: expect.stringMatching(/^rebuilt azure-agent .*; exposed, which is refused$/),
    });
    expect(draftOfAttempt(header, [outcome], [], [], moment).outcome).toBe('applied');
  });

  it('is in a check-in, where what cannot be told is a note and no trouble', () => {
    const exposures = new Map([['azure-agent', { violations: [key], unknown: [] }]]);
    expect(draftOfCheckIn(about, [], [], moment, { exposures, doubts: ['nobody knows'] })).toMatchObject({
      outcome: 'in-sync',
      violations: [{ guest: 'azure-agent', ...key }],
      notes: ['nobody knows'],
    });
  });
});
