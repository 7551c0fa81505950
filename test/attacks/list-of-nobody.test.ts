import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { approver, openScene } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'contributor',
  does: 'takes the last key out of trust/approvers, which leaves nobody to judge what follows',
  holds: 'a host stays at the commit before both',
  defence: [
    {
      file: 'reconciler/trust/judge.ts',
      take: 'authority === null || (authority.requiresSignatures && authority.signers.size === 0)',
      leave: `authority === null) return [base];
    if (authority.signers.size === 0) return [];
    if (authority.requiresSignatures && authority.signers.size === 0`,
    },
  ],
};

it(ATTACK.holds, async () => {
  const { repo, ada, eve, begun, host } = await openScene();
  const builder1 = await host();
  await builder1.poll();
  repo.write('desired-state/trust/approvers', '');
  await repo.merge('Tidy up', ada.key);
  repo.write('desired-state/trust/approvers', approver('eve', eve));
  await repo.merge('Put them back', eve.key);
  expect(await builder1.poll()).toMatchObject({ follows: begun });
});
