import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { approver, openScene } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'git server',
  does: 'shows a new host a history of his own, which vouches for itself',
  holds: 'a host with a pinned commit follows nothing',
  defence: [
    {
      file: 'reconciler/trust/trust.ts',
      take: 'if (firstCommit !== null || firstKey === null) return firstCommit;',
      leave: 'if (firstKey === null) return null;',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { repo, eve, begun, host } = await openScene();
  repo.write('desired-state/trust/approvers', approver('eve', eve));
  await repo.git('checkout', '--quiet', '--orphan', 'mine');
  await repo
    .merge('Begin', eve.key)
    .catch(() => repo.git('push', '--quiet', '--force', 'origin', 'HEAD:main'));
  const builder1 = await host({ firstCommit: begun });
  expect(await builder1.poll()).toMatchObject({
    follows: null,
    refusal: expect.stringContaining('firstCommit'),
  });
});
