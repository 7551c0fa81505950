import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { approver, openScene } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'former approver',
  does: 'signed with a stolen key before anyone noticed, and leaves the branch as it is',
  holds: 'once host.yaml revokes the key, the host goes by that commit no more',
  defence: [
    {
      file: 'reconciler/trust/trust.ts',
      take: 'if (tip === applied && revoked.size === 0) return;',
      leave: 'if (tip === applied) return;',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { repo, ada, eve, host } = await openScene();
  const builder1 = await host();
  await builder1.poll();
  repo.write('desired-state/trust/approvers', approver('ada', ada) + approver('eve', eve));
  const before = await repo.merge('Let Eve approve', ada.key);
  await builder1.poll();
  const stolen = await repo.merge('Open a way in', eve.key);
  expect(await builder1.poll()).toMatchObject({ follows: stolen });
  const warned = await host({ ...builder1.config, revokedKeys: [eve.publicKey] });
  expect(before).not.toBe(stolen);
  expect(await warned.poll()).toMatchObject({
    follows: null,
    refusal: expect.stringContaining('is revoked'),
  });
});
