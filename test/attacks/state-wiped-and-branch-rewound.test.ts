import { rmSync } from 'node:fs';
import { expect, it } from 'vitest';
import { someDraft } from '../unit/audit/account-lab.ts';
import type { Attack } from './proof/attack.ts';
import { openScene } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'push right',
  does: 'waits until a host lost its state, and shows it an older commit, which an approver signed',
  holds: 'the host goes on from its own signed record',
  defence: [{ file: 'reconciler/desired/accept.ts', take: 'await host.audit.lastFollowed()', leave: 'null' }],
};

it(ATTACK.holds, async () => {
  const { repo, ada, begun, host } = await openScene();
  const builder1 = await host();
  await builder1.poll();
  const mended = await repo.merge('Mend a hole', ada.key);
  await builder1.poll();
  await builder1.host.audit.append(someDraft(mended));
  await builder1.host.audit.push();
  rmSync(builder1.config.stateDir, { recursive: true });
  await repo.remoteGit('update-ref', 'refs/heads/main', begun);
  const again = await builder1.restart();
  expect(await again.poll()).toMatchObject({ follows: mended, refusal: expect.stringContaining('rewound') });
});
