import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { openDoor, tryPush } from './scene/door.ts';

const ATTACK: Attack = {
  attacker: 'push right',
  does: 'pushes a tag called main, which Git takes for the branch when someone types the name',
  holds: 'the server refuses the push',
  defence: [
    {
      file: 'reconciler/door/ref-role.ts',
      take: '  for (const name of calledBy(ref)) {',
      leave: '  for (const name of calledBy(ref).slice(0, 0)) {',
    },
  ],
};

it(ATTACK.holds, async () => {
  const door = await openDoor();
  const { before, after, said } = await tryPush(door, ['HEAD:refs/tags/main']);
  expect(after).toBe(before);
  expect(said).toContain('this name');
});
