import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { validateAll } from '../../reconciler/desired/validate.ts';
import { openWorkTree } from '../../reconciler/desired/work-tree.ts';
import type { Attack } from './proof/attack.ts';
import { openScene } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'set-up guide',
  does: 'hands out a checkout whose own configuration has Git start a program',
  holds: 'looking through the checkout starts no program',
  defence: [
    {
      file: 'reconciler/desired/work-tree.ts',
      take: "    'core.fsmonitor=false',",
      leave: "    'core.quotePath=true',",
    },
  ],
};

it(ATTACK.holds, async () => {
  const { root, repo } = await openScene();
  const mark = join(root, 'mark');
  const program = join(root, 'monitor');
  writeFileSync(program, `#!/bin/sh\ntouch ${mark}\n`);
  chmodSync(program, 0o755);
  await repo.git('config', 'core.fsmonitor', program);
  expect((await validateAll(await openWorkTree(repo.folder), 'desired-state')).complaints).toEqual([]);
  expect(existsSync(mark)).toBe(false);
});
