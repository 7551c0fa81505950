import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { approver, openScene } from './scene/scene.ts';
import { commit, push } from './scene/signed-commit.ts';

const ATTACK: Attack = {
  attacker: 'approver',
  does: 'signs with one of his keys, and approves that with the other',
  holds: 'a host stays at the commit before it',
  defence: [
    {
      file: 'reconciler/trust/judge.ts',
      take: 'names.set(signer.name, signer.key);',
      leave: 'names.set(signer.key, signer.key);',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { repo, ada, eve, key, host } = await openScene();
  const builder1 = await host();
  await builder1.poll();
  const other = await key('eve');
  repo.write(
    'desired-state/trust/approvers',
    approver('ada', ada) + approver('eve', eve) + approver('eve', other),
  );
  repo.write(
    'desired-state/trust/rules.yaml',
    `kind: TrustRules
rules: [{ paths: ["trust/"], signatures: 2 }]
`,
  );
  const before = await repo.merge('Let Eve approve', ada.key);
  await builder1.poll();
  repo.write('desired-state/trust/approvers', approver('eve', eve) + approver('eve', other));
  const change = await commit(repo, 'Ada has left', eve);
  await commit(repo, `Looks good to me\n\nBoxreeve-Approves: ${change}`, other);
  await push(repo);
  expect(await builder1.poll()).toMatchObject({
    follows: before,
    refusal: expect.stringContaining('takes 2 signatures'),
  });
});
