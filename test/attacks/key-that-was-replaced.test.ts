import { expect, it } from 'vitest';
import { newKey, someDraft } from '../unit/audit/account-lab.ts';
import type { Attack } from './proof/attack.ts';
import { findingsBy, openAccounts } from './scene/account.ts';

const ATTACK: Attack = {
  attacker: 'stolen host key',
  does: 'writes records with a key that the host has replaced',
  holds: 'an auditor is told so',
  defence: [
    {
      file: 'reconciler/audit/host-keys.ts',
      take: 'if (rank >= newest || key.named) return',
      leave: 'return',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { lab, one } = await openAccounts();
  const next = await newKey(lab.root, 'builder1');
  const renewed = lab.logOf({ ...one, ...next });
  await renewed.append(someDraft(lab.desired));
  await lab.logOf(one).append(someDraft(lab.desired));
  await lab.logOf(one).push();
  const keys = { builder1: [next.publicKey, one.publicKey] };
  expect(await findingsBy(lab, keys)).toContainEqual(expect.stringMatching(/^builder1 old-key: /));
});
