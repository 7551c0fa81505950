import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { openScene } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'push right',
  does: 'signs with a key that no approver has, which Git reports as good',
  holds: 'a host stays at the commit before it',
  defence: [
    {
      file: 'reconciler/trust/signer.ts',
      take: 'authority.signers.get(proof.key) ?? []',
      leave: 'authority.signers.get(proof.key) ?? [...authority.signers.values()].flat()',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { repo, begun, eve, host } = await openScene();
  const builder1 = await host();
  await builder1.poll();
  await repo.merge('Open a way in', eve.key);
  expect(await builder1.poll()).toMatchObject({ follows: begun });
});
