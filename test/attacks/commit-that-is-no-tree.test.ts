import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { openScene } from './scene/scene.ts';
import { signedCommit } from './scene/signed-commit.ts';

const ATTACK: Attack = {
  attacker: 'approver',
  does: 'pushes a commit whose tree holds .git, which a checkout elsewhere would take for its own',
  holds: 'a host does not take it in',
  defence: [
    {
      file: 'reconciler/git/mirror.ts',
      take: "      'fetch.fsckObjects=true',",
      leave: "      'fetch.fsckObjects=false',",
    },
  ],
};

it(ATTACK.holds, async () => {
  const { repo, ada, begun, host } = await openScene();
  const builder1 = await host();
  await builder1.poll();
  const blob = await repo.git('rev-parse', 'HEAD:desired-state/fleet.yaml');
  const tree = await repo.git('rev-parse', 'HEAD:desired-state');
  const evil = await signedCommit(
    repo,
    ada,
    [begun],
    [`100644 blob ${blob}\t.git`, `040000 tree ${tree}\tdesired-state`],
  );
  await repo.git('push', '--quiet', 'origin', `${evil}:main`);
  expect(await builder1.poll()).toMatchObject({
    follows: begun,
    offline: expect.stringContaining('hasDotgit'),
  });
});
