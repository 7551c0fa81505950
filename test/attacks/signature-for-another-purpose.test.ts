import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { openScene } from './scene/scene.ts';
import { push, storeCommit } from './scene/signed-commit.ts';

const ATTACK: Attack = {
  attacker: 'contributor',
  does: 'has an approver sign a text file, and uses that for the commit whose text it was',
  holds: 'a host stays at the commit before it',
  defence: [
    {
      file: 'reconciler/trust/ssh-signature.ts',
      take: '  if (parts.namespace !== namespace)',
      leave: "  if (parts.namespace === '')",
    },
  ],
};

it(ATTACK.holds, async () => {
  const { root, repo, ada, begun, host } = await openScene();
  const builder1 = await host();
  await builder1.poll();
  await repo.git('commit', '--quiet', '--allow-empty', '-m', 'Open a way in');
  const text = `${await repo.git('cat-file', 'commit', 'HEAD')}\n`;
  const file = join(root, 'please-sign-this.txt');
  writeFileSync(file, text);
  await execa('ssh-keygen', ['-q', '-Y', 'sign', '-n', 'file', '-f', ada.key, file]);
  const signature = readFileSync(`${file}.sig`, 'utf8').trim().replaceAll('\n', '\n ');
  const forged = await storeCommit(repo, root, text.replace('\n\n', `\ngpgsig ${signature}\n\n`));
  await repo.git('reset', '--quiet', '--hard', forged);
  await push(repo);
  expect(await builder1.poll()).toMatchObject({
    follows: begun,
    refusal: expect.stringContaining('another purpose'),
  });
});
