import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { approver, openScene } from './scene/scene.ts';
import { commit, push } from './scene/signed-commit.ts';

const ATTACK: Attack = {
  attacker: 'git server',
  does: 'shows a new host a history in which the key that it is to begin with signed nothing',
  holds: 'the host follows nothing',
  defence: [
    {
      file: 'reconciler/trust/trust.ts',
      take: "proof.state === 'signed' && proof.key === firstKey",
      leave: "proof.state === 'signed'",
    },
  ],
};

it(ATTACK.holds, async () => {
  const { repo, ada, eve, host } = await openScene();
  await repo.git('checkout', '--quiet', '--orphan', 'mine');
  repo.write('desired-state/trust/approvers', approver('eve', eve));
  await commit(repo, 'Begin', eve);
  await push(repo);
  const builder1 = await host({ firstKey: ada.publicKey });
  expect(await builder1.poll()).toMatchObject({
    follows: null,
    refusal: expect.stringContaining('firstKey'),
  });
});
