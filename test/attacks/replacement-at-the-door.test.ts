import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { openDoor, tryPush } from './scene/door.ts';

const ATTACK: Attack = {
  attacker: 'push right',
  does: 'pushes a replacement ref, by which whoever fetches all refs is shown other objects',
  holds: 'the server refuses the push',
  defence: [
    {
      file: 'reconciler/door/ref-role.ts',
      take: "  if (ref.startsWith('refs/replace/'))",
      leave: "  if (ref === '')",
    },
  ],
};

it(ATTACK.holds, async () => {
  const door = await openDoor();
  const main = await door.lab.repo.git('rev-parse', 'HEAD');
  const { before, after, said } = await tryPush(door, [`HEAD:refs/replace/${main}`]);
  expect(after).toBe(before);
  expect(said).toContain('one object in place of another');
});
