import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeProjectFolder } from '../../reconciler/apply/project-folder.ts';
import type { Attack } from './proof/attack.ts';
import { specOf } from './scene/guest-spec.ts';
import { scratch } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'guest',
  does: 'plants a link in the folder that Vagrant shares with it, so that the next build writes elsewhere on the host',
  holds: 'nothing is written through the link',
  defence: [
    {
      file: 'reconciler/apply/project-folder.ts',
      take: '    const found = await lstat(place);',
      leave: '    const found = await stat(place);',
    },
    {
      file: 'reconciler/apply/project-folder.ts',
      take: 'import { lstat, mkdir,',
      leave: 'import { mkdir, stat,',
    },
  ],
};

it(ATTACK.holds, async () => {
  const root = scratch();
  const [folder, victim] = [join(root, 'guest'), join(root, 'victim')];
  mkdirSync(folder);
  mkdirSync(victim);
  symlinkSync(victim, join(folder, 'scripts'));
  const content = Buffer.from('#!/bin/sh\n');
  await writeProjectFolder(folder, specOf({ 'scripts/init.sh': content }), 'machine', async () => content);
  expect(existsSync(join(victim, 'init.sh'))).toBe(false);
});
