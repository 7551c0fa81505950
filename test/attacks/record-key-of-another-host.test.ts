import { expect, it } from 'vitest';
import { validateAll } from '../../reconciler/desired/validate.ts';
import { openWorkTree } from '../../reconciler/desired/work-tree.ts';
import type { Attack } from './proof/attack.ts';
import { hostFile, openScene } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'contributor',
  does: 'gives a new host the audit key of another, so that each can write the other’s account',
  holds: 'the desired state is not valid',
  defence: [
    { file: 'reconciler/desired/audit-keys.ts', take: 'if (owner === host) continue;', leave: 'continue;' },
  ],
};

it(ATTACK.holds, async () => {
  const { repo, builder1 } = await openScene();
  repo.write('desired-state/hosts/builder2.yaml', hostFile('builder2', builder1));
  const { complaints } = await validateAll(await openWorkTree(repo.folder), 'desired-state');
  expect(complaints).toEqual([
    expect.objectContaining({ message: expect.stringContaining('is that of builder1 too') }),
  ]);
});
