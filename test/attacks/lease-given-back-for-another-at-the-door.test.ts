import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { openDoor, tryPush } from './scene/door.ts';

const ATTACK: Attack = {
  attacker: 'push right',
  does: 'gives back the lease of a host whose guest is down, so that another may take its own down',
  holds: 'the server refuses the push',
  defence: [
    {
      file: 'reconciler/door/agreement-facts.ts',
      take: "if (signature.kind === 'ssh' && now.includes(signature.key)) return",
      leave: 'if (now.length > 0) return',
    },
  ],
};

it(ATTACK.holds, async () => {
  const door = await openDoor();
  const { lab } = door;
  lab.repo.write('lease.json', '{ "state": "free", "token": 1, "nonce": "x" }\n');
  await lab.repo.git('add', '--all');
  await lab.repo.git('commit', '--quiet', '-m', 'builder1: gives slot 1 back');
  const { before, after, said } = await tryPush(door, ['+HEAD:refs/heads/boxreeve/lease-1']);
  expect(after).toBe(before);
  expect(said).toContain('is not signed by a key of builder1');
});
