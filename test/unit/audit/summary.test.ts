import { describe, expect, it } from 'vitest';
import { summarise } from '../../../reconciler/audit/summary.ts';
import { makePlan } from '../../../reconciler/plan/make-plan.ts';
import { box, COMMIT, guest, host, NOW, observation, observedBox, running } from '../plan/builders.ts';
import { boxAction, create, ended, rebuild, target } from './outcomes.ts';

describe('the subject of a record', () => {
  it('names the guest, its box, and the version it had', () => {
    const { actions } = makePlan({
      spec: host([guest({ box: box('2022.2.24') })]),
      commit: COMMIT,
      observation: observation({
        boxes: [observedBox(box('2022.2.17'), ['azure-agent'])],
        guests: [running(guest())],
      }),
      now: NOW,
    });
    expect(summarise(actions.map((action) => ended(action)))).toBe(
      'rebuilt azure-agent on azure-ci-node 2022.2.24 (was 2022.2.17)',
    );
  });

  it('names the box it had, if that was another', () => {
    const action = rebuild('common-box 1.4, as of 4f2c1a9', target('2022.2.24'));
    expect(summarise([ended(action)])).toBe(
      'rebuilt azure-agent on azure-ci-node 2022.2.24 (was common-box 1.4)',
    );
  });

  it('says nothing of a box that stayed, and calls a recycle by its name', () => {
    const same = 'azure-ci-node 2022.2.24, as of 4f2c1a9';
    expect(summarise([ended(rebuild(same, target('2022.2.24')))])).toBe(
      'rebuilt azure-agent on azure-ci-node 2022.2.24',
    );
    expect(summarise([ended(rebuild(same, target('2022.2.24'), true))])).toBe(
      'rebuilt azure-agent on azure-ci-node 2022.2.24 (recycle)',
    );
  });

  it('invents no version where none is known', () => {
    for (const before of ['', 'a machine made by hand from azure-ci-node 2022.2.17', 'an unfinished machine'])
      expect(summarise([ended(rebuild(before, target('2022.2.24')))])).toBe(
        'rebuilt azure-agent on azure-ci-node 2022.2.24',
      );
  });

  it('leaves boxes out beside guests, and fetching beside adding', () => {
    const boxes = [boxAction('fetch-box', '2022.2.24'), boxAction('add-box', '2022.2.24')].map((action) =>
      ended(action),
    );
    expect(summarise([...boxes, ended(create(target('2022.2.24')))])).toBe(
      'created azure-agent on azure-ci-node 2022.2.24',
    );
    expect(summarise(boxes)).toBe('added azure-ci-node 2022.2.24');
    expect(summarise(boxes.slice(0, 1))).toBe('fetched azure-ci-node 2022.2.24');
  });

  it('tells a failure before all else, with the first line of why, and that the guest was put back', () => {
    const failed = ended(rebuild('azure-ci-node 2022.2.17, as of 4f2c1a9', target('2022.2.24')), {
      result: 'failed',
      error: 'init.sh ended with status 1\nand more',
    });
    const back = ended(create(target('2022.2.17', 'last-good')));
    const removed = ended(boxAction('remove-box', '2022.2.10'));
    expect(summarise([removed, failed, back])).toBe(
      'could not rebuild azure-agent: init.sh ended with status 1; put azure-agent back on azure-ci-node 2022.2.17 as of 4f2c1a9',
    );
  });

  it('tells what was cut, and passes over what was skipped', () => {
    const cut = ended(boxAction('add-box', '2022.2.24'), { result: 'interrupted', error: null });
    const skipped = ended(create(target('2022.2.24')), { result: 'skipped', error: 'no box' });
    expect(summarise([cut, skipped])).toBe('was cut adding azure-ci-node 2022.2.24');
    expect(summarise([skipped])).toBe('nothing was done');
    expect(summarise([])).toBe('nothing was done');
  });

  it('is cut where Git would not show it whole', () => {
    const failed = ended(create(target('2022.2.24')), { result: 'failed', error: 'é'.repeat(500) });
    const text = summarise([failed]);
    expect(text).toHaveLength(140);
    expect(text).toMatch(/^could not create azure-agent: é+…$/);
  });
});
