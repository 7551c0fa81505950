import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { FLEET, openScene } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'contributor',
  does: 'misspells `trust` by a signed commit, so that it asks for nothing, and goes on unsigned',
  holds: 'a host takes nothing that is in doubt for a no',
  defence: [
    {
      file: 'reconciler/desired/fleet.ts',
      take: '    if (other !== undefined) throw',
      leave: "    if (other === '') throw",
    },
  ],
};

it(ATTACK.holds, async () => {
  const { repo, ada, begun, host } = await openScene();
  const builder1 = await host();
  await builder1.poll();
  repo.write('desired-state/fleet.yaml', FLEET.replace('trust:', 'turst:'));
  await repo.merge('Say it anew', ada.key);
  repo.write('desired-state/fleet.yaml', 'kind: Fleet\n');
  await repo.merge('Mend it');
  expect(await builder1.poll()).toMatchObject({ follows: begun });
});
