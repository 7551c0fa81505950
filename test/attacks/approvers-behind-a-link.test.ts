import { rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { approver, openScene } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'contributor',
  does: 'replaces trust/approvers by a link, by a signed commit, so that what is read as keys lies elsewhere',
  holds: 'nobody is an approver by what a link leads to',
  defence: [
    {
      file: 'reconciler/desired/approvers.ts',
      take: "if (entry.kind !== 'file' && entry.kind !== 'executable')",
      leave: "if (entry.kind === 'directory')",
    },
  ],
};

it(ATTACK.holds, async () => {
  const { repo, ada, eve, begun, host } = await openScene();
  const builder1 = await host();
  await builder1.poll();
  const approvers = join(repo.folder, 'desired-state/trust/approvers');
  rmSync(approvers);
  // what Git has of a link is where it leads: here, a line of approvers
  symlinkSync(approver('eve', eve).trim(), approvers);
  await repo.merge('Keep approvers in one place', ada.key);
  rmSync(approvers);
  repo.write('desired-state/trust/approvers', approver('eve', eve));
  await repo.merge('Make it a file again', eve.key);
  expect(await builder1.poll()).toMatchObject({ follows: begun });
});
