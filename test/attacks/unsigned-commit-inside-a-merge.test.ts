import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { openScene } from './scene/scene.ts';
import { signedBy } from './scene/signed-commit.ts';

const ATTACK: Attack = {
  attacker: 'contributor',
  does: 'has an approver sign a merge that brings in a commit which nobody signed',
  holds: 'a host stays at the commit before it',
  defence: [
    {
      file: 'reconciler/trust/judge.ts',
      take: '  for (const candidate of input.commits) {',
      leave: '  for (const candidate of input.commits.slice(-1)) {',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { repo, ada, begun, host } = await openScene();
  const builder1 = await host();
  await builder1.poll();
  await repo.git('checkout', '--quiet', '-b', 'side');
  await repo.git('commit', '--quiet', '--allow-empty', '-m', 'Unsigned work');
  await repo.git('checkout', '--quiet', 'main');
  await repo.git(...signedBy(ada), 'merge', '--quiet', '--no-ff', '-m', 'Merge', 'side');
  await repo.git('push', '--quiet', 'origin', 'HEAD:main');
  expect(await builder1.poll()).toMatchObject({ follows: begun });
});
