import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { edit, findings, openAccounts, rewrite } from './scene/account.ts';

const ATTACK: Attack = {
  attacker: 'stolen host key',
  does: 'edits a record, and signs it and all after it again',
  holds: 'an auditor is told so',
  defence: [
    {
      file: 'reconciler/audit/judge-link.ts',
      take: '  if (sequence > due || previous === (before?.digest ?? null)) return [];',
      leave: '  if (sequence >= due) return [];',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { lab, one } = await openAccounts();
  await rewrite(lab, one, async (git) => {
    await git('checkout', '--quiet', 'HEAD~1');
    await edit(lab, (text) => text.replace('"in sync"', '"all fine"'));
    await git('commit', '--quiet', '--amend', '--all', '--no-edit');
    await git('cherry-pick', 'FETCH_HEAD');
  });
  expect(await findings(lab, [one])).toContainEqual(
    expect.stringMatching(/^builder1 rewritten: does not carry the digest/),
  );
});
