import { expect, it, onTestFinished } from 'vitest';
import { newKey } from '../unit/audit/account-lab.ts';
import { NotifyLab } from '../unit/notify/git-lab.ts';
import type { Attack } from './proof/attack.ts';

const ATTACK: Attack = {
  attacker: 'push right',
  does: 'adds a record to the branch of a host, to have others told of what never was',
  holds: 'nobody is told of a record that its host has not signed',
  defence: [
    {
      file: 'reconciler/notify/host-records.ts',
      take: ' || !(keys.get(host) ?? []).includes(signer.key)',
      leave: '',
    },
  ],
};

it(ATTACK.holds, async () => {
  const lab = await NotifyLab.open();
  onTestFinished(() => lab.close());
  await lab.says('b', 'healthy');
  await lab.round('a');
  await lab.forge((await newKey(lab.account.root, 'eve')).key, 'b');
  await lab.round('a');
  expect(lab.told()).toEqual([]);
});
