import { expect, it, onTestFinished } from 'vitest';
import { openAccountLab, someDraft } from '../unit/audit/account-lab.ts';
import type { Attack } from './proof/attack.ts';
import { edit, findings, rewrite } from './scene/account.ts';

const ATTACK: Attack = {
  attacker: 'git server',
  does: 'hands an auditor a cooked record with a replacement ref, through which Git shows the true one',
  holds: 'the auditor is told of the cooked one',
  defence: [{ file: 'reconciler/git/git-command.ts', take: "    GIT_NO_REPLACE_OBJECTS: '1',", leave: '' }],
};

it(ATTACK.holds, async () => {
  const lab = await openAccountLab();
  onTestFinished(lab.dispose);
  const builder1 = await lab.host('builder1');
  await builder1.log.append(someDraft(lab.desired));
  await builder1.log.push();
  const honest = await lab.repo.remoteGit('rev-parse', 'audit/builder1');
  const cooked = await rewrite(lab, builder1, async () => {
    await edit(lab, (text) => text.replace('in sync', 'all fine'));
    await lab.repo.git('commit', '--quiet', '--amend', '--all', '--no-edit');
  });
  await lab.repo.git('push', '--quiet', 'origin', `${honest}:refs/replace/${cooked}`);
  expect(await findings(lab, [builder1])).toContain('builder1 bad-signature: is not signed');
});
