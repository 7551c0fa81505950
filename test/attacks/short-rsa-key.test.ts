import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { approver, openScene } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'contributor',
  does: 'breaks the short RSA key of an approver, and signs with it',
  holds: 'a host takes no signature by such a key',
  defence: [
    {
      file: 'reconciler/trust/ssh-key.ts',
      take: 'const LEAST_RSA_BITS = 2048;',
      leave: 'const LEAST_RSA_BITS = 1;',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { root, repo, ada, host } = await openScene();
  const builder1 = await host();
  await builder1.poll();
  const key = join(root, 'short');
  await execa('ssh-keygen', ['-q', '-t', 'rsa', '-b', '1024', '-N', '', '-C', '', '-f', key]);
  const eve = { key, publicKey: readFileSync(`${key}.pub`, 'utf8').trim() };
  repo.write('desired-state/trust/approvers', approver('ada', ada) + approver('eve', eve));
  const before = await repo.merge('Let Eve approve', ada.key);
  await builder1.poll();
  await repo.merge('It was easy', eve.key);
  expect(await builder1.poll()).toMatchObject({
    follows: before,
    refusal: expect.stringContaining('less than 2048 bits'),
  });
});
