import { expect, it, onTestFinished } from 'vitest';
import { AuditDiverged } from '../../reconciler/errors.ts';
import { openAccountLab, someDraft } from '../unit/audit/account-lab.ts';
import type { Attack } from './proof/attack.ts';

const ATTACK: Attack = {
  attacker: 'push right',
  does: 'puts another history on the audit branch of a host, which the host would then overwrite for him',
  holds: 'the host leaves what it finds as evidence, and says so',
  defence: [
    {
      file: 'reconciler/audit/push-chain.ts',
      take: "'--no-signed', remote,",
      leave: "'--no-signed', '--force', remote,",
    },
  ],
};

it(ATTACK.holds, async () => {
  const lab = await openAccountLab();
  onTestFinished(lab.dispose);
  const builder1 = await lab.host('builder1');
  await builder1.log.append(someDraft(lab.desired));
  await builder1.log.push();
  await lab.repo.git('push', '--quiet', '--force', 'origin', `${lab.desired}:audit/builder1`);
  await builder1.log.append(someDraft(lab.desired));
  const pushed = builder1.log.push().then(
    () => 'pushed',
    (error: unknown) => error,
  );
  expect(await pushed).toBeInstanceOf(AuditDiverged);
  expect(await lab.repo.remoteGit('rev-parse', 'audit/builder1')).toBe(lab.desired);
});
