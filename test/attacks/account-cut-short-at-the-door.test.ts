import { expect, it } from 'vitest';
import { someDraft } from '../unit/audit/account-lab.ts';
import type { Attack } from './proof/attack.ts';
import { openDoor, tryPush } from './scene/door.ts';

const ATTACK: Attack = {
  attacker: 'stolen host key',
  does: 'pushes the branch of the host by force, without its last record',
  holds: 'the server refuses the push',
  defence: [
    { file: 'reconciler/door/judge-audit.ts', take: '  if (!descends) {', leave: "  if (ref === '') {" },
  ],
};

it(ATTACK.holds, async () => {
  const door = await openDoor();
  await door.one.log.append(someDraft(door.lab.desired));
  await door.one.log.push();
  await door.lab.repo.git('fetch', '--quiet', 'origin', 'audit/builder1');
  const { before, after, said } = await tryPush(door, ['--force', 'FETCH_HEAD~1:refs/heads/audit/builder1']);
  expect(after).toBe(before);
  expect(said).toContain('a record once written stays');
});
