import { expect, it } from 'vitest';
import { someDraft } from '../unit/audit/account-lab.ts';
import type { Attack } from './proof/attack.ts';
import { findings, openAccounts } from './scene/account.ts';

const ATTACK: Attack = {
  attacker: 'stolen host key',
  does: 'writes another account of a host from its first record on, whole in itself',
  holds: 'an auditor is told what another host saw of the first one',
  defence: [
    {
      file: 'reconciler/audit/sightings.ts',
      take: '    if (here === undefined) continue;',
      leave: '    continue;',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { lab, one, two } = await openAccounts();
  await two.mirror.fetch();
  await two.log.append(someDraft(lab.desired));
  await two.log.push();
  await lab.repo.git('push', '--quiet', 'origin', ':audit/builder1');
  const forger = await lab.host('builder1', one.key);
  for (let count = 0; count < 3; count += 1) await forger.log.append(someDraft(lab.desired));
  await forger.log.push();
  expect(await findings(lab, [one, two])).toContainEqual(
    expect.stringMatching(/^builder1 (rewritten|fork): .*builder2 saw it there/),
  );
});
