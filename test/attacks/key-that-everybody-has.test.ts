import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { examine } from '../../reconciler/exposure/examine.ts';
import type { Attack } from './proof/attack.ts';
import { scratch } from './scene/scene.ts';
import { startSshd } from './scene/sshd.ts';

const ATTACK: Attack = {
  attacker: 'contributor',
  does: 'leaves Vagrant’s well-known key in a guest',
  holds: 'the host finds that it is let in by it, and says so',
  defence: [
    {
      file: 'reconciler/exposure/examine.ts',
      take: `    case 'let-in':
      return {`,
      leave: `    case 'let-in':
      return tried.how.includes('key') ? {} : {`,
    },
  ],
};

it(ATTACK.holds, async () => {
  const { target } = await startSshd({ pinned: true });
  const vagrantHome = scratch();
  // for this server, the key that it lets in stands for the one that everybody has
  for (const file of target.identityFiles) copyFileSync(file, join(vagrantHome, 'insecure_private_key'));
  const found = await examine([{ guest: 'azure-agent', ssh: target }], {
    vagrantHome,
    listening: async () => [],
  });
  expect(found.get('azure-agent')?.violations).toContainEqual(
    expect.objectContaining({ kind: 'insecure-key' }),
  );
});
