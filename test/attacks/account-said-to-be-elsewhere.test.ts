import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { someDraft } from '../unit/audit/account-lab.ts';
import type { Attack } from './proof/attack.ts';
import { FLEET, openScene } from './scene/scene.ts';
import { push } from './scene/signed-commit.ts';

const ATTACK: Attack = {
  attacker: 'push right',
  does: 'says in fleet.yaml that the audit is in a repository of his, with an old part of it, while a host has lost its state, and shows it an older commit',
  holds: 'the host goes where its own signed record says that its account went on',
  defence: [
    { file: 'reconciler/audit/find-chain.ts', take: 'if (!asked.has(home)) next.add(home);', leave: '' },
    {
      file: 'reconciler/audit/find-chain.ts',
      take: 'each.remote === home && each.tip === best.tip',
      leave: 'each.tip === best.tip',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { root, repo, ada, host } = await openScene();
  const [accounts, his] = [join(root, 'accounts.git'), join(root, 'his.git')];
  for (const url of [accounts, his]) await execa('git', ['init', '--quiet', '--bare', url]);
  repo.write('desired-state/fleet.yaml', `${FLEET}audit: { repo: ${accounts} }\n`);
  const moved = await repo.merge('Keep the records elsewhere', ada.key);
  const builder1 = await host();
  await builder1.poll();
  await builder1.host.audit.append(someDraft(moved));
  await builder1.host.audit.push();
  await execa('git', ['push', '--quiet', his, 'audit/builder1'], { cwd: accounts });
  const mended = await repo.merge('Mend a hole', ada.key);
  await builder1.poll();
  await builder1.host.audit.append(someDraft(mended));
  await builder1.host.audit.push();
  rmSync(builder1.config.stateDir, { recursive: true });
  await repo.git('reset', '--quiet', '--hard', moved);
  repo.write('desired-state/fleet.yaml', `${FLEET.replace('true', 'false')}audit: { repo: ${his} }\n`);
  await repo.git('commit', '--quiet', '--all', '-m', 'Open a way in');
  await push(repo);
  const again = await builder1.restart();
  expect(await again.poll()).toMatchObject({ follows: mended, refusal: expect.stringContaining('rewound') });
});
