import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { approver, openScene } from './scene/scene.ts';
import { commit, merge, push } from './scene/signed-commit.ts';

const ATTACK: Attack = {
  attacker: 'former approver',
  does: 'has the forge merge a branch that he signed while he was an approver',
  holds: 'what he signed does not come back by a branch from before',
  defence: [
    {
      file: 'reconciler/trust/judge.ts',
      take: '    if (candidate.parents.length > 1) demands.push(...judgeBrought(candidate));',
      leave: '',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { repo, ada, eve, key, host } = await openScene();
  const builder1 = await host();
  await builder1.poll();
  const forge = await key('forge');
  const people = approver('ada', ada) + approver('forge', forge);
  repo.write('desired-state/trust/approvers', people + approver('eve', eve));
  repo.write('desired-state/trust/rules.yaml', 'kind: TrustRules\nforges: [forge@example.org]\n');
  const both = await repo.merge('Let Eve approve', ada.key);
  repo.write('desired-state/trust/approvers', people);
  const before = await repo.merge('Take Eve out', ada.key);
  await builder1.poll();
  await repo.git('checkout', '--quiet', '-b', 'side', both);
  await commit(repo, 'From before', eve);
  await repo.git('checkout', '--quiet', '--detach', before);
  await merge(repo, 'side', forge);
  await push(repo);
  expect(await builder1.poll()).toMatchObject({
    follows: before,
    refusal: expect.stringContaining('that no approver has'),
  });
});
