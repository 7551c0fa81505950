import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { run } from './scene/program.ts';

const ATTACK: Attack = {
  attacker: 'guest',
  does: 'prints a text in which two secrets overlap, so that taking one out leaves a part of the other',
  holds: 'nothing of either is in the output',
  defence: [
    {
      file: 'reconciler/secrets/redactor.ts',
      take: '    covered = Math.max(covered, to);',
      leave: '    covered = from >= covered ? to : covered;',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { tail } = await run(`printf 'alphabetatest\\n'`, ['alphabet', 'betatest']);
  expect(tail).toBe('[redacted]');
});
