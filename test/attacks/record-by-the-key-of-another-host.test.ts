import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { findings, openAccounts, rewrite } from './scene/account.ts';

const ATTACK: Attack = {
  attacker: 'stolen host key',
  does: 'writes a record of one host with the key of another',
  holds: 'an auditor is told so',
  defence: [
    {
      file: 'reconciler/audit/host-keys.ts',
      take: '({ key }) => key === signature.key',
      leave: '({ key }) => key === signature.key || owners.has(signature.key)',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { lab, one, two } = await openAccounts();
  await rewrite(lab, one, () => lab.tamper(two.key, 'commit', '--quiet', '--amend', '--no-edit'));
  expect(await findings(lab, [one, two])).toContainEqual(
    expect.stringMatching(/^builder1 wrong-key: is signed by the key of builder2/),
  );
});
