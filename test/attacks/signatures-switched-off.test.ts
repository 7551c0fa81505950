import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { FLEET, openScene } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'push right',
  does: 'says in fleet.yaml that commits need no signature any more',
  holds: 'a host stays at the commit before it',
  defence: [
    {
      file: 'reconciler/trust/judge.ts',
      take: 'function voicesFor({ parents }: Candidate)',
      leave: 'function voicesFor({ commit }: Candidate)',
    },
    {
      file: 'reconciler/trust/judge.ts',
      take: '(parents.length === 0 ? [input.base] : parents).flatMap(voicesAt)',
      leave: '[commit].flatMap(voicesAt)',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { repo, begun, host } = await openScene();
  const builder1 = await host();
  await builder1.poll();
  repo.write('desired-state/fleet.yaml', FLEET.replace('true', 'false'));
  await repo.merge('Less bother');
  expect(await builder1.poll()).toMatchObject({ follows: begun });
});
