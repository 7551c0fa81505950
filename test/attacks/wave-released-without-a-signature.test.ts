import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { openWave } from './scene/wave.ts';

const ATTACK: Attack = {
  attacker: 'push right',
  does: 'says of the first host of a roll-out that it has soaked, in a record that nobody signed',
  holds: 'the other hosts go on waiting',
  defence: [
    {
      file: 'reconciler/rollout/believe.ts',
      take: 'if (!signer.ok) return silent',
      leave: 'if (signer.ok === null) return silent',
    },
    {
      file: 'reconciler/rollout/believe.ts',
      take: 'const { key } = signer;',
      leave: 'const key = signer.key ?? keys[0];',
    },
  ],
};

it(ATTACK.holds, async () => {
  const wave = await openWave();
  await wave.says('pending');
  await wave.forge(null);
  expect(await wave.decides()).toMatch(/^wait: .* that is not signed$/);
});
