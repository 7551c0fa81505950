import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { approver, openScene } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'push right',
  does: 'adds his own key to the approvers, signs that with it, and goes on from there',
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
  const { repo, begun, eve, host } = await openScene();
  const builder1 = await host();
  await builder1.poll();
  repo.write('desired-state/trust/approvers', approver('eve', eve));
  await repo.merge('Keep the approvers up to date', eve.key);
  await repo.merge('Open a way in', eve.key);
  expect(await builder1.poll()).toMatchObject({ follows: begun });
});
