import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { openHalt } from './scene/halt.ts';

const ATTACK: Attack = {
  attacker: 'push right',
  does: 'puts an approver’s word about another change on the branch of one that is halted',
  holds: 'it stays halted',
  defence: [
    {
      file: 'reconciler/rollout/resumes.ts',
      take: 'if (word?.guest !== guest || word.change !== change) return [];',
      leave: 'if (!word) return [];',
    },
    {
      file: 'reconciler/rollout/judge-resumes.ts',
      take: 'return [{ guest, change, forgiven: enough,',
      leave: "return [{ guest, change: 'c'.repeat(64), forgiven: enough,",
    },
  ],
};

it(ATTACK.holds, async () => {
  const halt = await openHalt();
  await halt.give(halt.ada, 'd'.repeat(64));
  expect(await halt.forgiven()).toEqual([]);
});
