import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { FLEET, openScene } from './scene/scene.ts';
import { storeCommit } from './scene/signed-commit.ts';

const ATTACK: Attack = {
  attacker: 'push right',
  does: 'puts an approver’s signature on a commit with files of his own',
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
  await repo.merge('Go on', ada.key);
  const signed = await repo.git('cat-file', 'commit', 'HEAD');
  repo.write('desired-state/fleet.yaml', FLEET.replace('true', 'false'));
  await repo.git('add', '--all');
  const tree = await repo.git('write-tree');
  const forged = await storeCommit(repo, root, `${signed.replace(/^tree .*/, `tree ${tree}`)}\n`);
  await repo.git('push', '--quiet', '--force', 'origin', `${forged}:main`);
  expect(await builder1.poll()).toMatchObject({ follows: begun });
});
