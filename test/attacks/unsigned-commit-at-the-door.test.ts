import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { openDoor, tryPush } from './scene/door.ts';

const ATTACK: Attack = {
  attacker: 'push right',
  does: 'pushes a commit that nobody signed to the branch that hosts follow, where it would stand in the way of the next',
  holds: 'the server refuses the push',
  defence: [
    {
      file: 'reconciler/door/judge-watched.ts',
      take: '  if (untrusted !== null) {',
      leave: "  if (ref === '' && untrusted !== null) {",
    },
  ],
};

it(ATTACK.holds, async () => {
  const door = await openDoor();
  await door.lab.repo.git('checkout', '--quiet', '--force', 'main');
  await door.lab.commit('Open a way in');
  const { before, after, said } = await tryPush(door, ['HEAD:main']);
  expect(after).toBe(before);
  expect(said).toContain('is not signed');
});
