import { expect, it } from 'vitest';
import { someDraft } from '../unit/audit/account-lab.ts';
import type { Attack } from './proof/attack.ts';
import { findings, openAccounts, rewrite } from './scene/account.ts';

const ATTACK: Attack = {
  attacker: 'stolen host key',
  does: 'takes the last records off the branch of a host',
  holds: 'an auditor is told what another host saw there',
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
  await rewrite(lab, one, (git) => git('checkout', '--quiet', 'HEAD~1'));
  expect(await findings(lab, [one, two])).toContainEqual(
    expect.stringMatching(/^builder1 truncated: .*builder2 saw it there/),
  );
});
