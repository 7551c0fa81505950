import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { approver, openScene } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'former approver',
  does: 'signs with a key that has expired',
  holds: 'a host stays at the commit before it',
  defence: [
    {
      file: 'reconciler/trust/allowed-signers.ts',
      take: '  return signer.validBefore === null || at < signer.validBefore;',
      leave: '  return true;',
    },
    {
      file: 'reconciler/trust/signer.ts',
      take: '  if (line.validBefore === null) return true;',
      leave: '  return true;',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { repo, ada, eve, host } = await openScene();
  const builder1 = await host();
  await builder1.poll();
  repo.write(
    'desired-state/trust/approvers',
    approver('ada', ada) + approver('eve', eve, 'valid-before="20260101Z"'),
  );
  const before = await repo.merge('Let Eve approve', ada.key);
  await builder1.poll();
  await repo.merge('Still here', eve.key);
  expect(await builder1.poll()).toMatchObject({
    follows: before,
    refusal: expect.stringContaining('had expired'),
  });
});
