import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { openScene } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'push right',
  does: 'moves the branch back to a commit with a hole that was mended since',
  holds: 'a host does not go back',
  defence: [
    {
      file: 'reconciler/trust/trust.ts',
      take: 'if (!(await isAncestor(parts.gitDir, base, tip)))',
      leave: 'if (!(await isAncestor(parts.gitDir, base, tip)) && applied === null)',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { repo, ada, begun, host } = await openScene();
  const builder1 = await host();
  await builder1.poll();
  const mended = await repo.merge('Mend a hole', ada.key);
  await builder1.poll();
  await repo.remoteGit('update-ref', 'refs/heads/main', begun);
  expect(await builder1.poll()).toMatchObject({
    follows: mended,
    refusal: expect.stringContaining('rewound'),
  });
});
