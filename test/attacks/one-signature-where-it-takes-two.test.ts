import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { approver, openScene } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'approver',
  does: 'changes the list of approvers alone',
  holds: 'a host stays at the commit before it',
  defence: [
    {
      file: 'reconciler/trust/judge.ts',
      take: '    if (names.size < needed) throw',
      leave: '    if (names.size < 0) throw',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { repo, ada, eve, key, host } = await openScene();
  const builder1 = await host();
  await builder1.poll();
  repo.write('desired-state/trust/approvers', approver('ada', ada) + approver('eve', eve));
  repo.write(
    'desired-state/trust/rules.yaml',
    `kind: TrustRules
rules: [{ paths: ["trust/"], signatures: 2 }]
`,
  );
  const before = await repo.merge('Let Eve approve', ada.key);
  await builder1.poll();
  repo.write('desired-state/trust/approvers', approver('eve', eve) + approver('friend', await key('friend')));
  await repo.merge('New people', eve.key);
  expect(await builder1.poll()).toMatchObject({
    follows: before,
    refusal: expect.stringContaining('takes 2 signatures'),
  });
});
