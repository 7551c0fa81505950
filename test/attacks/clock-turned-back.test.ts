import { expect, it } from 'vitest';
import { someDraft } from '../unit/audit/account-lab.ts';
import type { Attack } from './proof/attack.ts';
import { findings, openAccounts } from './scene/account.ts';

const ATTACK: Attack = {
  attacker: 'stolen host key',
  does: 'dates a record before the one that it follows on',
  holds: 'an auditor is told so',
  defence: [
    {
      file: 'reconciler/audit/judge-link.ts',
      take: '  if (Date.parse(time) >= Date.parse(before.time) - CLOCK_TOLERANCE) return [];',
      leave: '  return [];',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { lab, one } = await openAccounts();
  const soon = Date.now() + 60 * 60_000;
  await one.log.append(someDraft(lab.desired, { time: new Date(soon).toISOString() }));
  await one.log.append(someDraft(lab.desired, { time: new Date(soon - 20 * 60_000).toISOString() }));
  await one.log.push();
  expect(await findings(lab, [one])).toContainEqual(expect.stringMatching(/^builder1 clock: /));
});
