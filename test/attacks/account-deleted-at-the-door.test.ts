import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { openDoor, tryPush } from './scene/door.ts';

const ATTACK: Attack = {
  attacker: 'push right',
  does: 'deletes the branch of a host on the server',
  holds: 'the server refuses the push',
  defence: [
    { file: 'reconciler/door/judge-audit.ts', take: '  if (to === null) {', leave: "  if (ref === '') {" },
  ],
};

it(ATTACK.holds, async () => {
  const door = await openDoor();
  const { before, after, said } = await tryPush(door, [':refs/heads/audit/builder1']);
  expect(after).toBe(before);
  expect(said).toContain('it is never deleted');
});
