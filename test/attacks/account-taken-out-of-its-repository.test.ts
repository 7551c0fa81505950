import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { someDraft } from '../unit/audit/account-lab.ts';
import type { Attack } from './proof/attack.ts';
import { FLEET, openScene } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'push right',
  does: 'empties the repository of the records while a host has lost its state, and shows it an older commit, which an approver signed',
  holds: 'the host follows nothing, and says what is gone',
  defence: [
    {
      file: 'reconciler/audit/find-chain.ts',
      take: 'each.remote === home && each.tip === best.tip',
      leave: 'each.tip === best.tip',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { root, repo, ada, host } = await openScene();
  const accounts = join(root, 'accounts.git');
  const empty = async () => execa('git', ['init', '--quiet', '--bare', accounts]);
  await empty();
  repo.write('desired-state/fleet.yaml', `${FLEET}audit: { repo: ${accounts} }\n`);
  const moved = await repo.merge('Keep the records elsewhere', ada.key);
  const builder1 = await host();
  await builder1.poll();
  await builder1.host.audit.append(someDraft(moved));
  await builder1.host.audit.push();
  const mended = await repo.merge('Mend a hole', ada.key);
  await builder1.poll();
  await builder1.host.audit.append(someDraft(mended));
  await builder1.host.audit.push();
  rmSync(builder1.config.stateDir, { recursive: true });
  rmSync(accounts, { recursive: true });
  await empty();
  await repo.remoteGit('update-ref', 'refs/heads/main', moved);
  const again = await builder1.restart();
  const polled = await again.poll().catch((error: unknown) => String(error));
  expect(polled).toEqual(
    expect.stringMatching(/record 1 of builder1 .* goes on in .*accounts\.git, and it is not there/),
  );
});
