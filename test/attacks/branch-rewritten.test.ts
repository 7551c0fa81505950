import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { approver, openScene } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'former approver',
  does: 'replaces the branch by another that grows from an older commit, whose signatures are all good',
  holds: 'a host does not leave the history it went by',
  defence: [
    {
      file: 'reconciler/trust/trust.ts',
      take: 'if (!(await isAncestor(parts.gitDir, base, tip)))',
      leave: 'if (!(await isAncestor(parts.gitDir, base, tip)) && applied === null)',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { repo, ada, eve, host } = await openScene();
  const builder1 = await host();
  await builder1.poll();
  repo.write('desired-state/trust/approvers', approver('ada', ada) + approver('eve', eve));
  const both = await repo.merge('Let Eve approve', ada.key);
  repo.write('desired-state/trust/approvers', approver('ada', ada));
  const without = await repo.merge('Take Eve out', ada.key);
  await builder1.poll();
  await repo.git('reset', '--quiet', '--hard', both);
  await repo
    .merge('Unrelated', eve.key)
    .catch(() => repo.git('push', '--quiet', '--force', 'origin', 'HEAD:main'));
  expect(await builder1.poll()).toMatchObject({ follows: without });
});
