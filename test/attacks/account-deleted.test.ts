import { expect, it } from 'vitest';
import { someDraft } from '../unit/audit/account-lab.ts';
import type { Attack } from './proof/attack.ts';
import { findings, openAccounts } from './scene/account.ts';

const ATTACK: Attack = {
  attacker: 'push right',
  does: 'deletes the audit branch of a host',
  holds: 'an auditor is told that there was one',
  defence: [
    { file: 'reconciler/audit/sightings.ts', take: 'if (here === undefined) continue;', leave: 'continue;' },
  ],
};

it(ATTACK.holds, async () => {
  const { lab, one, two } = await openAccounts();
  await two.mirror.fetch();
  await two.log.append(someDraft(lab.desired));
  await two.log.push();
  await lab.repo.git('push', '--quiet', 'origin', ':audit/builder1');
  expect(await findings(lab, [one, two])).toContainEqual(
    expect.stringMatching(/^builder1 truncated: is gone with the whole branch/),
  );
});
