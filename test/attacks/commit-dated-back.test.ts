import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { approver, openScene } from './scene/scene.ts';
import { commit, push } from './scene/signed-commit.ts';

const ATTACK: Attack = {
  attacker: 'former approver',
  does: 'dates a commit to the time when his key had not expired',
  holds: 'a host stays at the commit before it',
  defence: [
    {
      file: 'reconciler/trust/signer.ts',
      take: '  return earliest < line.validBefore;',
      leave: '  return true;',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { repo, ada, eve, host } = await openScene();
  const builder1 = await host();
  await builder1.poll();
  repo.write(
    'desired-state/trust/approvers',
    approver('ada', ada) + approver('eve', eve, 'valid-before="20260101Z"'),
  );
  const before = await repo.merge('Let Eve approve', ada.key);
  await builder1.poll();
  await commit(repo, 'I was never gone', eve, '2025-12-01T12:00:00Z');
  await push(repo);
  expect(await builder1.poll()).toMatchObject({
    follows: before,
    refusal: expect.stringContaining('is not valid at this time'),
  });
});
