import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { FLEET, openScene } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'contributor',
  does: 'breaks fleet.yaml by a signed commit, so that the next need not be signed',
  holds: 'a host stays at the commit before both',
  defence: [
    {
      file: 'reconciler/trust/judge.ts',
      take: 'authority === null || (authority.requiresSignatures && authority.signers.size === 0)',
      leave: `authority === null) return [];
    if (authority.requiresSignatures && authority.signers.size === 0`,
    },
  ],
};

it(ATTACK.holds, async () => {
  const { repo, ada, begun, host } = await openScene();
  const builder1 = await host();
  await builder1.poll();
  repo.write('desired-state/fleet.yaml', `${FLEET}windows: [\n`);
  await repo.merge('Add a window', ada.key);
  repo.write('desired-state/fleet.yaml', FLEET);
  await repo.merge('Mend it');
  expect(await builder1.poll()).toMatchObject({ follows: begun });
});
