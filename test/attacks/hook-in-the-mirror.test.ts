import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { inHome } from './scene/home.ts';
import { openScene } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'set-up guide',
  does: 'has a template for Git repositories installed, with a hook that runs whenever a ref moves',
  holds: 'no hook of it is run in the host’s mirror',
  defence: [
    { file: 'reconciler/git/git-command.ts', take: "  'core.hooksPath=/dev/null',", leave: '' },
    { file: 'reconciler/git/git-command.ts', take: "    GIT_CONFIG_GLOBAL: '/dev/null',", leave: '' },
    { file: 'reconciler/git/repository.ts', take: ", '--template=', fresh", leave: ', fresh' },
  ],
};

it(ATTACK.holds, async () => {
  const { root, host } = await openScene();
  const mark = join(root, 'mark');
  inHome(root, {
    '.gitconfig': `[init]\n\ttemplateDir = ${join(root, 'home', 'template')}\n`,
    'template/hooks/reference-transaction': `#!/bin/sh\ntouch ${mark}\n`,
  });
  await (await host()).poll();
  expect(existsSync(mark)).toBe(false);
});
