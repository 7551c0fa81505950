import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { FLEET, openScene } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'git server',
  does: 'gives a new commit, and keeps back the files in it',
  holds: 'a host goes on with the last commit that it has whole',
  defence: [
    {
      file: 'reconciler/git/mirror.ts',
      take: 'await fetchContents(gitDir, tree === null ? [] : [tree], signal);',
      leave: '',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { repo, ada, begun, host } = await openScene();
  await repo.remoteGit('config', 'uploadpack.allowFilter', 'true');
  await repo.remoteGit('config', 'uploadpack.allowAnySHA1InWant', 'true');
  await repo.remoteGit('config', 'receive.unpackLimit', '1000');
  const builder1 = await host();
  await builder1.poll();
  repo.write('desired-state/fleet.yaml', `${FLEET}defaults: { checkIn: 2d }\n`);
  await repo.merge('Check in less often', ada.key);
  const blob = await repo.git('rev-parse', 'HEAD:desired-state/fleet.yaml');
  rmSync(join(repo.url, 'objects', blob.slice(0, 2), blob.slice(2)));
  const polled = builder1.poll();
  await expect(polled).resolves.toMatchObject({ follows: begun, offline: expect.any(String) });
});
