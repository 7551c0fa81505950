import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { openHalt } from './scene/halt.ts';

const ATTACK: Attack = {
  attacker: 'push right',
  does: 'lets a halted roll-out go on, by a word that he signs himself',
  holds: 'it stays halted',
  defence: [
    {
      file: 'reconciler/rollout/judge-resumes.ts',
      take: 'if (!signer.ok) return signer;\n  const { name, key } = signer;',
      leave: "const { name, key } = signer.ok ? signer : { name: 'ada@example.org', key: '' };",
    },
  ],
};

it(ATTACK.holds, async () => {
  const halt = await openHalt();
  await halt.give(await halt.scene.person('eve'));
  expect(await halt.forgiven()).toEqual([]);
});
