import { expect, it } from 'vitest';
import { someDraft } from '../unit/audit/account-lab.ts';
import type { Attack } from './proof/attack.ts';
import { findings, openAccounts } from './scene/account.ts';

const ATTACK: Attack = {
  attacker: 'stolen host key',
  does: 'has a host say that it went by a commit which never was on the branch',
  holds: 'an auditor is told so',
  defence: [
    {
      file: 'reconciler/audit/went-by.ts',
      take: `      if (at === undefined)
`,
      leave: `      if (at === undefined && desired === '')
`,
    },
    {
      file: 'reconciler/audit/went-by.ts',
      take: '      if (Date.parse(earliest) >= at - CLOCK_TOLERANCE) return [];',
      leave: '      if (at === undefined || Date.parse(earliest) >= at - CLOCK_TOLERANCE) return [];',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { lab, one } = await openAccounts();
  await lab.repo.git('checkout', '--quiet', '--orphan', 'elsewhere');
  await lab.repo.git('commit', '--quiet', '-m', 'Elsewhere');
  await lab.repo.git('push', '--quiet', 'origin', 'HEAD:elsewhere');
  await one.log.append(someDraft(await lab.repo.git('rev-parse', 'HEAD')));
  await one.log.push();
  expect(await findings(lab, [one])).toContainEqual(expect.stringMatching(/^builder1 unknown-commit: /));
});
