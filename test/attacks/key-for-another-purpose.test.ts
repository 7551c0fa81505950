import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { approver, openScene } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'approver',
  does: 'signs a commit with a key that is listed for files alone',
  holds: 'a host stays at the commit before it',
  defence: [
    {
      file: 'reconciler/trust/allowed-signers.ts',
      take: '  if (signer.namespaces !== null && !signer.namespaces.includes(namespace)) return false;',
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
    approver('ada', ada) + approver('eve', eve, 'namespaces="file"'),
  );
  const before = await repo.merge('Let Eve approve', ada.key);
  await builder1.poll();
  await repo.merge('A file is a file', eve.key);
  expect(await builder1.poll()).toMatchObject({
    follows: before,
    refusal: expect.stringContaining('not for commits'),
  });
});
