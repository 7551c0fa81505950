import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { nextRecord, openDoor, tryPush } from './scene/door.ts';

const ATTACK: Attack = {
  attacker: 'stolen host key',
  does: 'pushes a true record of another host before that host does, from the account of his own on the server',
  holds: 'the server refuses the push',
  defence: [
    {
      file: 'reconciler/door/judge-audit.ts',
      take: '  if (pusher !== null && pusher !== host) {',
      leave: "  if (pusher === '') {",
    },
  ],
};

it(ATTACK.holds, async () => {
  const door = await openDoor();
  await nextRecord(door, door.one);
  const { before, after, said } = await tryPush(door, ['HEAD:refs/heads/audit/builder1'], {
    BOXREEVE_PUSHER: 'builder2',
  });
  expect(after).toBe(before);
  expect(said).toContain('a host writes its own and no other');
});
