import { expect, it, onTestFinished } from 'vitest';
import { openAccountLab, someDraft } from '../unit/audit/account-lab.ts';
import type { Attack } from './proof/attack.ts';
import { findings } from './scene/account.ts';

const ATTACK: Attack = {
  attacker: 'stolen host key',
  does: 'dates a record before the commit that it says the host went by',
  holds: 'an auditor is told so',
  defence: [
    {
      file: 'reconciler/audit/went-by.ts',
      take: '      if (Date.parse(earliest) >= at - CLOCK_TOLERANCE) return [];',
      leave: '      return [];',
    },
  ],
};

it(ATTACK.holds, async () => {
  const lab = await openAccountLab();
  onTestFinished(lab.dispose);
  const one = await lab.host('builder1');
  await one.log.append(someDraft(lab.desired, { time: new Date(Date.now() - 3_600_000).toISOString() }));
  await one.log.push();
  expect(await findings(lab, [one])).toContainEqual(
    expect.stringMatching(/^builder1 clock: .*before the commit it went by was authored/),
  );
});
