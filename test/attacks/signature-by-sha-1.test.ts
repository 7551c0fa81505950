import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { approver, openScene } from './scene/scene.ts';
import { rsaKey, sha1Signature } from './scene/sha-1.ts';
import { push, storeCommit } from './scene/signed-commit.ts';

const ATTACK: Attack = {
  attacker: 'contributor',
  does: 'signs with RSA over SHA-1, for which two texts of one digest can be made',
  holds: 'a host takes no such signature',
  defence: [
    {
      file: 'reconciler/trust/ssh-key.ts',
      take: "'rsa-sha2-256': 'sha256',",
      leave: "'ssh-rsa': 'sha1', 'rsa-sha2-256': 'sha256',",
    },
  ],
};

it(ATTACK.holds, async () => {
  const { root, repo, ada, host } = await openScene();
  const builder1 = await host();
  await builder1.poll();
  const eve = rsaKey(root);
  repo.write('desired-state/trust/approvers', approver('ada', ada) + approver('eve', eve));
  const before = await repo.merge('Let Eve approve', ada.key);
  await builder1.poll();
  await repo.git('commit', '--quiet', '--allow-empty', '-m', 'Open a way in');
  const text = `${await repo.git('cat-file', 'commit', 'HEAD')}\n`;
  const signature = sha1Signature(eve, text).replaceAll('\n', '\n ');
  const forged = await storeCommit(repo, root, text.replace('\n\n', `\ngpgsig ${signature}\n\n`));
  await repo.git('reset', '--quiet', '--hard', forged);
  await push(repo);
  expect(await builder1.poll()).toMatchObject({
    follows: before,
    refusal: expect.stringContaining('RSA with SHA-1'),
  });
});
