import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { approver, openScene } from './scene/scene.ts';
import { signedBy } from './scene/signed-commit.ts';

const ATTACK: Attack = {
  attacker: 'former approver',
  does: 'signs on a side branch that begins where he was still an approver, and merges it himself',
  holds: 'a host follows no merge that he signed',
  defence: [
    {
      file: 'reconciler/trust/judge.ts',
      take: '(parents.length === 0 ? [input.base] : parents).flatMap(voicesAt)',
      leave: 'parents.slice(-1).flatMap(voicesAt)',
    },
    {
      file: 'reconciler/trust/judge.ts',
      take: '    if (candidate.parents.length > 1) demands.push(...judgeBrought(candidate));',
      leave: '',
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
  await repo.git('checkout', '--quiet', '-b', 'side', both);
  await repo.git(...signedBy(eve), 'commit', '--quiet', '--allow-empty', '-m', 'Work');
  await repo.git('checkout', '--quiet', '--detach', without);
  await repo.git(...signedBy(eve), 'merge', '--quiet', '--no-ff', '-m', 'Merge', 'side');
  await repo.git('push', '--quiet', 'origin', 'HEAD:main');
  expect(await builder1.poll()).toMatchObject({ follows: without });
});
