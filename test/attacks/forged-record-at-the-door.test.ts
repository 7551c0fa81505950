import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { nextRecord, openDoor, tryPush } from './scene/door.ts';

const ATTACK: Attack = {
  attacker: 'push right',
  does: 'pushes a record that nobody signed to the branch of a host',
  holds: 'the server refuses the push',
  defence: [
    {
      file: 'reconciler/door/judge-audit.ts',
      take: '  return [...reasons, ...findings.map(',
      leave: `  if (reasons.length === 0) return [];
  return [...reasons, ...findings.map(`,
    },
  ],
};

it(ATTACK.holds, async () => {
  const door = await openDoor();
  await nextRecord(door, door.one);
  await door.lab.repo.git('commit', '--quiet', '--amend', '--no-edit', '--no-gpg-sign');
  const { before, after, said } = await tryPush(door, ['HEAD:refs/heads/audit/builder1']);
  expect(after).toBe(before);
  expect(said).toContain('is not signed');
});
