import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { approver, openScene } from './scene/scene.ts';
import { commit, push } from './scene/signed-commit.ts';

const ATTACK: Attack = {
  attacker: 'approver',
  does: 'dates a commit to the time from which on his key is to count',
  holds: 'a host stays at the commit before it',
  defence: [
    {
      file: 'reconciler/trust/signer.ts',
      take: '  if (line.validAfter !== null && now + CLOCK_SLACK < line.validAfter) return false;',
      leave: '',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { repo, ada, eve, host } = await openScene();
  const builder1 = await host();
  await builder1.poll();
  repo.write(
    'desired-state/trust/approvers',
    approver('ada', ada) + approver('eve', eve, 'valid-after="20980101Z"'),
  );
  const before = await repo.merge('Let Eve approve', ada.key);
  await builder1.poll();
  await commit(repo, 'I begin early', eve, '2098-02-01T12:00:00Z');
  await push(repo);
  expect(await builder1.poll()).toMatchObject({
    follows: before,
    refusal: expect.stringContaining('is not valid at this time'),
  });
});
