import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { openScene } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'set-up guide',
  does: 'hands out a ready-made state folder, with a hook in its mirror',
  holds: 'the hook is not run',
  defence: [{ file: 'reconciler/git/git-command.ts', take: "  'core.hooksPath=/dev/null',", leave: '' }],
};

it(ATTACK.holds, async () => {
  const { root, repo, ada, host } = await openScene();
  const builder1 = await host();
  await builder1.poll();
  const mark = join(root, 'mark');
  const hooks = join(builder1.config.stateDir, 'mirror.git', 'hooks');
  mkdirSync(hooks, { recursive: true });
  writeFileSync(join(hooks, 'reference-transaction'), `#!/bin/sh\ntouch ${mark}\n`);
  chmodSync(join(hooks, 'reference-transaction'), 0o755);
  const next = await repo.merge('Go on', ada.key);
  expect(await builder1.poll()).toMatchObject({ follows: next });
  expect(existsSync(mark)).toBe(false);
});
