import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { openDoor, tryPush } from './scene/door.ts';

const ATTACK: Attack = {
  attacker: 'approver',
  does: 'pushes a desired state that no host can read, so that all stay where they are',
  holds: 'the server refuses the push',
  defence: [
    {
      file: 'reconciler/door/judge-watched.ts',
      take: '  for (const { place, message } of complaints) {',
      leave: '  for (const { place, message } of complaints.slice(0, 0)) {',
    },
  ],
};

it(ATTACK.holds, async () => {
  const door = await openDoor();
  await door.lab.repo.git('checkout', '--quiet', '--force', 'main');
  door.lab.repo.write('desired-state/hosts/builder1.yaml', 'kind: Host\n');
  await door.lab.commit('Tidy up', door.lab.ada.key);
  const { before, after, said } = await tryPush(door, ['HEAD:main']);
  expect(after).toBe(before);
  expect(said).toContain('desired-state/hosts/builder1.yaml');
});
