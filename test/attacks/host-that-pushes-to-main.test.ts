import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { openDoor, tryPush } from './scene/door.ts';

const ATTACK: Attack = {
  attacker: 'stolen host key',
  does: 'pushes a commit that an approver signed, and held back, to the branch that hosts follow',
  holds: 'the server refuses the push',
  defence: [
    {
      file: 'reconciler/door/judge-watched.ts',
      take: '  if (pusher !== null) {',
      leave: "  if (pusher === '') {",
    },
  ],
};

it(ATTACK.holds, async () => {
  const door = await openDoor();
  await door.lab.repo.git('checkout', '--quiet', '--force', 'main');
  await door.lab.commit('Not yet', door.lab.ada.key);
  const { before, after, said } = await tryPush(door, ['HEAD:main'], { BOXREEVE_PUSHER: 'builder1' });
  expect(after).toBe(before);
  expect(said).toContain('a host writes its own account and nothing else');
});
