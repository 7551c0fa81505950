import { rmSync } from 'node:fs';
import { expect, it } from 'vitest';
import { someDraft } from '../unit/audit/account-lab.ts';
import type { Attack } from './proof/attack.ts';
import { FLEET, openScene } from './scene/scene.ts';
import { push } from './scene/signed-commit.ts';

const ATTACK: Attack = {
  attacker: 'push right',
  does: 'says in fleet.yaml that the audit is elsewhere, while a host has lost its state, and shows it an older commit',
  holds: 'the host finds its own account by its own signature',
  defence: [
    {
      file: 'reconciler/audit/find-chain.ts',
      take: "ref === named || word.test(ref.slice('refs/heads/'.length))",
      leave: 'ref === named',
    },
  ],
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
  await repo.git('reset', '--quiet', '--hard', begun);
  repo.write(
    'desired-state/fleet.yaml',
    `${FLEET.replace('true', 'false')}audit: { branch: "log/{host}" }\n`,
  );
  await repo.git('commit', '--quiet', '--all', '-m', 'Open a way in');
  await push(repo);
  const again = await builder1.restart();
  expect(await again.poll()).toMatchObject({ follows: mended, refusal: expect.stringContaining('rewound') });
});
