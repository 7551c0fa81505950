import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { findings, openAccounts, rewrite } from './scene/account.ts';

const ATTACK: Attack = {
  attacker: 'stolen host key',
  does: 'takes a record out of the middle, and signs all after it again',
  holds: 'an auditor is told so',
  defence: [
    {
      file: 'reconciler/audit/judge-link.ts',
      take: '  if (sequence > due + skipped) return [gap(sequence, due)];',
      leave: '',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { lab, one } = await openAccounts();
  await rewrite(lab, one, async (git) => {
    await git('checkout', '--quiet', 'HEAD~2');
    await git('cherry-pick', 'FETCH_HEAD');
  });
  expect(await findings(lab, [one])).toContainEqual(expect.stringMatching(/^builder1 gap: /));
});
