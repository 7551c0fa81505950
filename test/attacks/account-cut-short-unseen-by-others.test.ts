import { expect, it, onTestFinished } from 'vitest';
import { kindsIn, openAccountLab, someDraft } from '../unit/audit/account-lab.ts';
import type { Attack } from './proof/attack.ts';

const ATTACK: Attack = {
  attacker: 'stolen host key',
  does: 'takes the last record off the branch of a host before any other host saw it',
  holds: 'whoever verified the account before is told so',
  defence: [
    {
      file: 'reconciler/audit/verify.ts',
      take: 'for (const { host, known } of hosts)',
      leave: 'for (const { host, known } of hosts.slice(0, 0))',
    },
    {
      file: 'reconciler/audit/verify.ts',
      take: 'if (whole.has(host)) {',
      leave: "if (whole.has('')) {",
    },
  ],
};

it(ATTACK.holds, async () => {
  const lab = await openAccountLab();
  onTestFinished(lab.dispose);
  const [one, auditor] = [await lab.host('builder1'), await lab.host('auditor')];
  const tip = await lab.declare({ builder1: `auditKey: ${one.publicKey}` });
  for (let count = 0; count < 2; count += 1) await one.log.append(someDraft(tip));
  await one.log.push();
  const { checkpoint } = await lab.audit(auditor);
  await lab.repo.remoteGit('update-ref', 'refs/heads/audit/builder1', 'refs/heads/audit/builder1~1');
  expect(kindsIn(await lab.audit(auditor, { checkpoint }))).toEqual(['builder1 truncated']);
});
