import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { approver, openScene } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'former approver',
  does: 'signs with a stolen key that is still listed, and that host.yaml revokes',
  holds: 'a host stays at the commit before it',
  defence: [
    {
      file: 'reconciler/trust/judge.ts',
      take: "return proof.state === 'signed' && input.revoked.has(proof.key);",
      leave: 'return false;',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { repo, ada, eve, host } = await openScene();
  const builder1 = await host({ revokedKeys: [eve.publicKey] });
  repo.write('desired-state/trust/approvers', approver('ada', ada) + approver('eve', eve));
  const before = await repo.merge('Let Eve approve', ada.key);
  await builder1.poll();
  await repo.merge('Open a way in', eve.key);
  expect(await builder1.poll()).toMatchObject({
    follows: before,
    refusal: expect.stringContaining('is revoked'),
  });
});
