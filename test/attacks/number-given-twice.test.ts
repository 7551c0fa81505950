import { expect, it } from 'vitest';
import { someDraft } from '../unit/audit/account-lab.ts';
import type { Attack } from './proof/attack.ts';
import { edit, findings, openAccounts, rewrite } from './scene/account.ts';

const ATTACK: Attack = {
  attacker: 'stolen host key',
  does: 'adds a record with the number of one that is there already, to have two accounts of one moment',
  holds: 'an auditor is told so',
  defence: [
    {
      file: 'reconciler/audit/judge-link.ts',
      take: `  if (sequence < due)
`,
      leave: `  if (sequence < 0)
`,
    },
    {
      file: 'reconciler/audit/judge-link.ts',
      take: '  if (sequence > due || previous === (before?.digest ?? null)) return [];',
      leave: '  if (sequence >= 0) return [];',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { lab, one } = await openAccounts();
  await one.log.append(someDraft(lab.desired, { summary: 'two', notes: ['mark'] }));
  await one.log.push();
  await rewrite(lab, one, async (git) => {
    await edit(lab, (text) => text.replace('"sequence": 4', '"sequence": 3'));
    await git('commit', '--quiet', '--amend', '--all', '--no-edit');
  });
  expect(await findings(lab, [one])).toContainEqual(expect.stringMatching(/^builder1 fork: /));
});
