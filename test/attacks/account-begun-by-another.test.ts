import { expect, it, onTestFinished } from 'vitest';
import { AuditDiverged } from '../../reconciler/errors.ts';
import { openAccountLab, someDraft } from '../unit/audit/account-lab.ts';
import type { Attack } from './proof/attack.ts';

const ATTACK: Attack = {
  attacker: 'push right',
  does: 'begins the audit branch of a host before that host does',
  holds: 'the host does not take it up as its own',
  defence: [
    {
      file: 'reconciler/audit/find-chain.ts',
      take: "if (signature.key !== publicKey) return 'is signed by another key';",
      leave: '',
    },
  ],
};

it(ATTACK.holds, async () => {
  const lab = await openAccountLab();
  onTestFinished(lab.dispose);
  const forger = await lab.host('builder1');
  await forger.log.append(someDraft(lab.desired, { summary: 'all fine' }));
  await forger.log.push();
  const builder1 = await lab.host('builder1');
  await expect(builder1.log.last()).rejects.toThrow(AuditDiverged);
});
