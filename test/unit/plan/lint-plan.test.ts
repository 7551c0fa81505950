import { describe, expect, it } from 'vitest';
import type { HostObservation } from '../../../reconciler/observed/observation.ts';
import { lintPlan } from '../../../reconciler/plan/lint-plan.ts';
import type { Action, Plan } from '../../../reconciler/plan/plan.ts';
import { box, COMMIT, guest, observation, observed, observedBox, present, running } from './builders.ts';

const target = { spec: guest({ box: box('2022.2.24') }), commit: COMMIT, role: 'desired' } as const;
const words = { reason: 'because', before: '', after: '' };

const fetch: Action = {
  ...words,
  kind: 'fetch-box',
  id: 'fetch',
  box: target.spec.box,
  disruptive: false,
  needs: [],
};
const add: Action = {
  ...words,
  kind: 'add-box',
  keepsFile: false,
  id: 'add',
  box: target.spec.box,
  disruptive: false,
  needs: ['fetch'],
};
const rebuild: Action = {
  ...words,
  kind: 'rebuild-guest',
  id: 'rebuild-guest azure-agent',
  guest: 'azure-agent',
  target,
  recycle: false,
  disruptive: true,
  needs: ['add'],
};
const removeBox: Action = {
  ...words,
  kind: 'remove-box',
  from: 'vagrant',
  file: null,
  frees: null,
  id: 'remove-old',
  box: { name: 'azure-ci-node', version: '2022.2.17', provider: 'lxc' },
  disruptive: false,
  needs: ['rebuild-guest azure-agent'],
};
const removeGuest: Action = {
  ...words,
  kind: 'remove-guest',
  id: 'remove-guest azure-agent',
  guest: 'azure-agent',
  disruptive: true,
  needs: [],
};
const GOOD: readonly Action[] = [fetch, add, rebuild, removeBox];

const seen = observation({
  boxes: [observedBox(box('2022.2.17'), ['azure-agent'])],
  guests: [running(guest())],
});

function lint(
  actions: readonly Action[],
  on: Partial<HostObservation> = {},
  held: Plan['held'] = [],
): string[] {
  return lintPlan(
    { host: 'builder1', commit: COMMIT, actions, held, notes: [], spare: [] },
    { ...seen, ...on },
  );
}

describe('the linter of plans', () => {
  it('finds nothing in a good plan', () => {
    expect(lint(GOOD)).toEqual([]);
  });

  it.each<[string, readonly Action[], Partial<HostObservation>, string]>([
    ['an id twice', [fetch, fetch, add], {}, 'fetch is there twice'],
    ['a need that comes later', [add, fetch], {}, 'add needs fetch, which does not come before it'],
    ['a need that is not there', [{ ...add, needs: ['nothing'] }], {}, 'add needs nothing'],
    [
      'a guest built before its box is added',
      [fetch, add, { ...rebuild, needs: [] }],
      {},
      'rebuild-guest azure-agent does not wait for add',
    ],
    [
      'a box added before its file is fetched',
      [fetch, { ...add, needs: [] }],
      {},
      'add does not wait for fetch',
    ],
    [
      'a proven guest rebuilt at any time',
      [fetch, add, { ...rebuild, disruptive: false }],
      {},
      'rebuild-guest azure-agent is not said to be disruptive',
    ],
    ['a fetch said to disrupt', [{ ...fetch, disruptive: true }], {}, 'fetch is said to be disruptive'],
    [
      'a guest that was not observed',
      [fetch, add, rebuild],
      { unknown: [{ guest: 'azure-agent', why: '?' }] },
      'acts on a guest that was not observed',
    ],
    ['a stranger', [{ ...removeGuest, guest: 'default' }], {}, 'acts on a guest that was not observed'],
    [
      'a machine made by hand that is removed for good',
      [removeGuest],
      { guests: [observed({ machine: present(box('2022.2.17')) })] },
      'removes a machine that Boxreeve did not build',
    ],
    [
      'a box removed under a guest',
      [{ ...removeBox, needs: [] }],
      {},
      'takes away the box that azure-agent stands on',
    ],
    [
      'a box removed under a stranger',
      GOOD,
      { boxes: [observedBox(box('2022.2.17'), ['azure-agent', '/home/me/try'])] },
      'takes away the box that /home/me/try stands on',
    ],
    [
      'a box removed that is not there',
      [{ ...removeBox, needs: [] }],
      { boxes: [] },
      'removes a box that is not there',
    ],
    [
      'what last worked removed before the new guest is proven',
      [fetch, add, rebuild, { ...removeBox, needs: [] }],
      {
        boxes: [observedBox(box('2022.2.17'))],
        guests: [observed({ lastGood: { spec: guest(), commit: COMMIT }, machine: present(box('1')) })],
      },
      'takes away the box that azure-agent would go back to',
    ],
    [
      'a box removed that a guest is built from',
      [{ ...rebuild, target: { ...target, spec: guest() }, needs: [] }, removeBox],
      {},
      'takes away the box that rebuild-guest azure-agent builds from',
    ],
    [
      'a guest acted on in two ways',
      [fetch, add, rebuild, { ...removeGuest, needs: [rebuild.id] }],
      {},
      'azure-agent is acted on in more than one way: rebuild-guest, remove-guest',
    ],
  ])('finds %s', (_what, actions, on, complaint) => {
    expect(lint(actions, on).join('\n')).toContain(complaint);
  });

  it('finds what last worked taken from a guest that is held', () => {
    const guests = [observed({ lastGood: { spec: guest(), commit: COMMIT } })];
    const held = [{ guest: 'azure-agent', why: 'x', failed: true }];
    const complaints = lint(
      [{ ...removeBox, needs: [] }],
      { guests, boxes: [observedBox(box('2022.2.17'))] },
      held,
    );
    expect(complaints.join()).toContain('takes away what last worked for azure-agent, which is held');
  });
});
