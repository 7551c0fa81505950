import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { openWave } from './scene/wave.ts';

const ATTACK: Attack = {
  attacker: 'git server',
  does: 'shows again the record from before a change failed on the first host, which that host signed',
  holds: 'a host that saw the newer one goes on waiting',
  defence: [
    {
      file: 'reconciler/rollout/believe.ts',
      take: 'if (sequence < before.sequence)',
      leave: 'if (sequence < 0)',
    },
  ],
};

it(ATTACK.holds, async () => {
  const wave = await openWave();
  await wave.says('healthy');
  const before = await wave.lab.repo.remoteGit('rev-parse', 'refs/heads/audit/builder1');
  await wave.says('unhealthy');
  expect(await wave.decides()).toMatch(/^wait: .* is not healthy/);
  await wave.lab.repo.remoteGit('update-ref', 'refs/heads/audit/builder1', before);
  expect(await wave.decides()).toMatch(/^wait: .* its branch went back$/);
});
