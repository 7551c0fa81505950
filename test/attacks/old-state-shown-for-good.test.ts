import { expect, it } from 'vitest';
import { acceptCommit } from '../../reconciler/desired/accept.ts';
import type { Attack } from './proof/attack.ts';
import { FLEET, openScene } from './scene/scene.ts';
import { commit, push } from './scene/signed-commit.ts';

const ATTACK: Attack = {
  attacker: 'git server',
  does: 'shows a host the same old commit for ever, in which a hole is still open',
  holds: 'the host raises an alarm',
  defence: [
    {
      file: 'reconciler/desired/freshness.ts',
      take: 'if (freshness === null || now - committedAt <= freshness) return null;',
      leave: 'return null;',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { repo, ada, host } = await openScene();
  const builder1 = await host();
  await builder1.poll();
  repo.write('desired-state/fleet.yaml', FLEET.replace('true', 'true, freshness: 14d'));
  const old = await commit(
    repo,
    'Ask for news',
    ada,
    new Date(Date.now() - 15 * 24 * 3_600_000).toISOString(),
  );
  await push(repo);
  const { desired } = await acceptCommit(builder1.host, true);
  expect(desired).toMatchObject({
    commit: old,
    stale: expect.stringContaining('is someone showing this host an old state'),
  });
});
