import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { openScene } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'push right',
  does: 'pushes a commit without a signature',
  holds: 'a host stays at the commit before it',
  defence: [
    {
      file: 'reconciler/trust/judge.ts',
      take: 'if (!signer.ok) throw refuse(candidate,',
      leave: "if (candidate.proof.state === 'unsigned') return []; if (!signer.ok) throw refuse(candidate,",
    },
  ],
};

it(ATTACK.holds, async () => {
  const { repo, begun, host } = await openScene();
  const builder1 = await host();
  await builder1.poll();
  await repo.merge('Open a way in');
  expect(await builder1.poll()).toMatchObject({
    follows: begun,
    refusal: expect.stringContaining('is not signed'),
  });
});
