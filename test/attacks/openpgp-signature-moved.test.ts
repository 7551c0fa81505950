import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { newOpenPgpKey } from './scene/openpgp.ts';
import { openScene } from './scene/scene.ts';
import { push, storeCommit } from './scene/signed-commit.ts';

const ATTACK: Attack = {
  attacker: 'push right',
  does: 'puts an approver’s OpenPGP signature on a commit of his own',
  holds: 'a host stays at the commit before it',
  defence: [{ file: 'reconciler/trust/openpgp.ts', take: '    await signatures[0]?.verified;', leave: '' }],
};

it(ATTACK.holds, async () => {
  const { root, repo, ada, host } = await openScene();
  const builder1 = await host();
  await builder1.poll();
  const cy = await newOpenPgpKey('cy@example.org');
  repo.write('desired-state/trust/openpgp/cy@example.org.asc', cy.publicKey);
  const before = await repo.merge('Let Cy approve', ada.key);
  await builder1.poll();
  await repo.git('commit', '--quiet', '--allow-empty', '-m', 'Harmless');
  const harmless = `${await repo.git('cat-file', 'commit', 'HEAD')}\n`;
  const signature = (await cy.sign(harmless)).trim().replaceAll('\n', '\n ');
  const forged = harmless.replace('\n\n', `\ngpgsig ${signature}\n\n`).replace('Harmless', 'Open a way in');
  await repo.git('reset', '--quiet', '--hard', await storeCommit(repo, root, forged));
  await push(repo);
  expect(await builder1.poll()).toMatchObject({
    follows: before,
    refusal: expect.stringContaining('bad OpenPGP signature'),
  });
});
