import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { nextRecord, openDoor, tryPush } from './scene/door.ts';

const ATTACK: Attack = {
  attacker: 'push right',
  does: 'begins an account for a host that the fleet does not have, with a key of his own',
  holds: 'the server refuses the push',
  defence: [
    { file: 'reconciler/door/judge-audit.ts', take: '  if (!inFleet) {', leave: "  if (ref === '') {" },
  ],
};

it(ATTACK.holds, async () => {
  const door = await openDoor();
  await nextRecord(door, door.one);
  const { before, after, said } = await tryPush(door, ['HEAD:refs/heads/audit/builder9']);
  expect(after).toBe(before);
  expect(said).toContain('the fleet has no host builder9');
});
