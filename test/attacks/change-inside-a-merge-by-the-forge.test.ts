import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { approver, FLEET, openScene } from './scene/scene.ts';
import { commit, merge, push } from './scene/signed-commit.ts';

const ATTACK: Attack = {
  attacker: 'push right',
  does: 'resolves a conflict in the forge’s web page, with a change that is in neither side',
  holds: 'a host stays at the commit before it',
  defence: [
    {
      file: 'reconciler/trust/rights.ts',
      take: '  if (path === undefined) return null;',
      leave: '  return null;',
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
  await repo.git('checkout', '--quiet', '-b', 'side');
  repo.write('notes.md', 'harmless');
  await commit(repo, 'Harmless', ada);
  await repo.git('checkout', '--quiet', '--detach', before);
  await merge(repo, 'side', forge, () =>
    repo.write('desired-state/fleet.yaml', FLEET.replace('true', 'false')),
  );
  await push(repo);
  expect(await builder1.poll()).toMatchObject({
    follows: before,
    refusal: expect.stringContaining('changes fleet.yaml itself'),
  });
});
