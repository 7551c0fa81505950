import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { approver, openScene } from './scene/scene.ts';
import { commit, merge, push } from './scene/signed-commit.ts';

const ATTACK: Attack = {
  attacker: 'former approver',
  does: 'has the forge merge the main branch into his old one: the same merge, with its parents the other way round',
  holds: 'the side that the host went by is the one that judges',
  defence: [
    {
      file: 'reconciler/trust/graph.ts',
      take: 'parents.find((parent) => containsBase.has(parent)) ?? parents[0] ?? base',
      leave: 'parents[0] ?? base',
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
  await repo.git('checkout', '--quiet', '-b', 'old', both);
  await commit(repo, 'From before', eve);
  await merge(repo, before, forge);
  await push(repo);
  expect(await builder1.poll()).toMatchObject({
    follows: before,
    refusal: expect.stringContaining('that no approver has'),
  });
});
