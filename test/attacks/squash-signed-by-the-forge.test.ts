import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { approver, openScene } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'push right',
  does: 'has the forge squash his branch: one commit, and the forge’s signature on it',
  holds: 'a host stays at the commit before it',
  defence: [
    {
      file: 'reconciler/trust/rights.ts',
      take: '  if (parents.length < 2)',
      leave: '  if (parents.length < 1)',
    },
    {
      file: 'reconciler/trust/rights.ts',
      take: '  const [path] = ownPaths;',
      leave: '  const [path] = parents.length < 2 ? [] : ownPaths;',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { repo, ada, key, host } = await openScene();
  const builder1 = await host();
  await builder1.poll();
  const forge = await key('forge');
  repo.write('desired-state/trust/approvers', approver('ada', ada) + approver('forge', forge));
  repo.write(
    'desired-state/trust/rules.yaml',
    `kind: TrustRules
forges: [forge@example.org]
`,
  );
  const before = await repo.merge('Let the forge merge', ada.key);
  await builder1.poll();
  await repo.merge('Squashed (#12)', forge.key);
  expect(await builder1.poll()).toMatchObject({
    follows: before,
    refusal: expect.stringContaining('for merges alone'),
  });
});
