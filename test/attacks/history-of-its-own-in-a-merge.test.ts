import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { openScene } from './scene/scene.ts';
import { signedBy } from './scene/signed-commit.ts';

const ATTACK: Attack = {
  attacker: 'contributor',
  does: 'has an approver merge a branch with a root of its own, which has no parent to judge it',
  holds: 'a host stays at the commit before it',
  defence: [
    {
      file: 'reconciler/trust/judge.ts',
      take: '(parents.length === 0 ? [input.base] : parents).flatMap(voicesAt)',
      leave: 'parents.flatMap(voicesAt)',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { repo, ada, begun, host } = await openScene();
  const builder1 = await host();
  await builder1.poll();
  await repo.git('checkout', '--quiet', '--orphan', 'elsewhere');
  await repo.git('commit', '--quiet', '-m', 'Elsewhere');
  await repo.git('checkout', '--quiet', 'main');
  const merge = ['merge', '--quiet', '--no-ff', '--allow-unrelated-histories', '-m', 'Merge', 'elsewhere'];
  await repo.git(...signedBy(ada), ...merge);
  await repo.git('push', '--quiet', 'origin', 'HEAD:main');
  expect(await builder1.poll()).toMatchObject({ follows: begun });
});
