import { expect, it } from 'vitest';
import { someDraft } from '../unit/audit/account-lab.ts';
import type { Attack } from './proof/attack.ts';
import { findings, openAccounts } from './scene/account.ts';

const ATTACK: Attack = {
  attacker: 'stolen host key',
  does: 'changes a guest, and has the host go on as if it always had been so',
  holds: 'an auditor is told so',
  defence: [
    {
      file: 'reconciler/audit/judge-link.ts',
      take: '    if (print === null || print === was || isActedOn(record, guest)) return [];',
      leave: '    return [];',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { lab, one } = await openAccounts();
  const print = (digit: string) => ({ 'azure-agent': `sha256:${digit.repeat(64)}` });
  await one.log.append(someDraft(lab.desired, { fingerprints: print('a') }));
  await one.log.append(someDraft(lab.desired, { fingerprints: print('b') }));
  await one.log.push();
  expect(await findings(lab, [one])).toContainEqual(
    expect.stringMatching(/^builder1 unrecorded-change: has another azure-agent/),
  );
});
