import { expect, it } from 'vitest';
import { someDraft } from '../unit/audit/account-lab.ts';
import type { Attack } from './proof/attack.ts';
import { findings, openAccounts } from './scene/account.ts';

const ATTACK: Attack = {
  attacker: 'stolen host key',
  does: 'dates a record to a time long after others saw it, to have been elsewhere then',
  holds: 'an auditor is told who saw it when',
  defence: [
    {
      file: 'reconciler/audit/sightings.ts',
      take: 'if (witness === null || at <= sighting.at + CLOCK_TOLERANCE) return [];',
      leave: 'if (at !== null) return [];',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { lab, one, two } = await openAccounts();
  await one.log.append(someDraft(lab.desired, { time: new Date(Date.now() + 9 * 3_600_000).toISOString() }));
  await one.log.push();
  await two.mirror.fetch();
  await two.log.append(someDraft(lab.desired));
  await two.log.push();
  expect(await findings(lab, [one, two])).toContainEqual(
    expect.stringMatching(/^builder1 clock: .*long after builder2 had seen it/),
  );
});
