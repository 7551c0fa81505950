import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { openDoor, tryPush } from './scene/door.ts';

const ATTACK: Attack = {
  attacker: 'push right',
  does: 'pushes the branch that hosts follow by force, back to an older commit',
  holds: 'the server refuses the push',
  defence: [
    { file: 'reconciler/door/judge-watched.ts', take: '  if (!descends) {', leave: "  if (ref === '') {" },
  ],
};

it(ATTACK.holds, async () => {
  const door = await openDoor();
  await door.lab.repo.git('checkout', '--quiet', '--force', 'main');
  const { before, after, said } = await tryPush(door, ['--force', 'HEAD~1:main']);
  expect(after).toBe(before);
  expect(said).toContain('no host follows a branch that was rewound or rewritten');
});
