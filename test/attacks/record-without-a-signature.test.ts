import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { findings, openAccounts, rewrite } from './scene/account.ts';

const ATTACK: Attack = {
  attacker: 'push right',
  does: 'adds a record that nobody signed',
  holds: 'an auditor is told so',
  defence: [
    {
      file: 'reconciler/audit/host-keys.ts',
      take: "      return { state: 'bad', kind: 'bad-signature', why: 'is not signed' };",
      leave: "      return { state: 'good', rank: 0 };",
    },
  ],
};

it(ATTACK.holds, async () => {
  const { lab, one } = await openAccounts();
  await rewrite(lab, one, () => lab.repo.git('commit', '--quiet', '--amend', '--no-edit', '--no-gpg-sign'));
  expect(await findings(lab, [one])).toContainEqual(
    expect.stringMatching(/^builder1 bad-signature: is not signed/),
  );
});
