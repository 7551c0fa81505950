import { expect, it } from 'vitest';
import { planNow } from '../../reconciler/plan/plan-now.ts';
import {
  box,
  COMMIT,
  guest,
  host,
  NOW,
  observation,
  observedBox,
  observedFile,
  running,
} from '../unit/plan/builders.ts';
import type { Attack } from './proof/attack.ts';

const ATTACK: Attack = {
  attacker: 'contributor',
  does: 'moves a guest to a version that no source has, in a catalogue that keeps nothing, so that hosts remove the box it stands on',
  holds: 'the box and its file stay until the guest is proven on another',
  defence: [
    {
      file: 'reconciler/plan/old-boxes.ts',
      take: '  return proofsOf([...users.guests, ...goingBackTo((good) => boxKey(good) === boxKey(box), facts)], facts);',
      leave: '  return [];',
    },
    {
      file: 'reconciler/plan/lint-plan.ts',
      take: '      .filter((guest) => !ended(guest))',
      leave: '      .filter((guest) => ended(guest))',
    },
    {
      file: 'reconciler/plan/lint-plan.ts',
      take: '      .filter((build) => goingBack.has(build.guest) && !before.has(build.id))',
      leave: '      .filter((build) => goingBack.has(build.guest) && before.has(build.id))',
    },
  ],
};

it(ATTACK.holds, () => {
  const stands = guest({ box: box('2022.2.17') });
  const never = guest({ box: box('2022.2.24', { sources: ['https://nowhere.invalid/x.box'] }) });
  const { actions } = planNow(
    { commit: COMMIT, spec: host([never], { keep: { older: 0, files: false } }) },
    observation({
      boxes: [observedBox(stands.box, [stands.name])],
      guests: [running(stands)],
      files: [observedFile(stands.box)],
    }),
    NOW,
  );
  // the fetch fails, and with it everything that needs it
  const lost = new Set(actions.filter(({ kind }) => kind === 'fetch-box').map(({ id }) => id));
  for (const { id, needs } of actions) if (needs.some((need) => lost.has(need))) lost.add(id);
  const removals = actions.filter(({ kind }) => kind === 'remove-box');
  expect(removals).toHaveLength(1);
  expect(removals.filter(({ id }) => !lost.has(id))).toEqual([]);
});
