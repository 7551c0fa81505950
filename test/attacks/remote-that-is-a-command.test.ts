import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { inHome } from './scene/home.ts';
import { openScene } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'set-up guide',
  does: 'has people name a repo that is a command (ext::…), and allow that protocol in their Git configuration',
  holds: 'the command is not run',
  defence: [
    { file: 'reconciler/git/git-command.ts', take: "    GIT_CONFIG_GLOBAL: '/dev/null',", leave: '' },
    { file: 'reconciler/git/git-command.ts', take: "  'protocol.ext.allow=never',", leave: '' },
  ],
};

it(ATTACK.holds, async () => {
  const { root, host } = await openScene();
  const mark = join(root, 'mark');
  inHome(root, { '.gitconfig': '[protocol "ext"]\n\tallow = always\n' });
  const builder1 = await host({ repo: `ext::touch ${mark}` });
  await builder1.poll();
  expect(existsSync(mark)).toBe(false);
});
