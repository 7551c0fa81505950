import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { openScene } from './scene/scene.ts';
import { storeCommit } from './scene/signed-commit.ts';

const ATTACK: Attack = {
  attacker: 'push right',
  does: 'takes a commit that an approver signed, and changes it',
  holds: 'a host stays at the commit before it',
  defence: [
    {
      file: 'reconciler/trust/ssh-signature.ts',
      take: '  if (why !== null) return { ok: false, why };',
      leave: '',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { root, repo, ada, begun, host } = await openScene();
  const builder1 = await host();
  await builder1.poll();
  await repo.merge('Stop', ada.key);
  const signed = await repo.git('cat-file', 'commit', 'HEAD');
  const forged = await storeCommit(repo, root, `${signed.replace(/Stop$/, 'Go')}\n`);
  await repo.git('push', '--quiet', '--force', 'origin', `${forged}:main`);
  expect(await builder1.poll()).toMatchObject({ follows: begun });
});
