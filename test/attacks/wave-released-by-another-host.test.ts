import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { openWave } from './scene/wave.ts';

const ATTACK: Attack = {
  attacker: 'stolen host key',
  does: 'says of the first host of a roll-out that it has soaked, signed by the key of another host',
  holds: 'the other hosts go on waiting',
  defence: [
    {
      file: 'reconciler/rollout/believe.ts',
      take: 'if (!keys.includes(key)) return',
      leave: "if (key === '') return",
    },
  ],
};

it(ATTACK.holds, async () => {
  const wave = await openWave();
  await wave.says('pending');
  await wave.forge(wave.other.key);
  expect(await wave.decides()).toMatch(/^wait: .* is signed by a key that its file does not name$/);
});
