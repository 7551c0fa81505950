import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { run } from './scene/program.ts';

const ATTACK: Attack = {
  attacker: 'guest',
  does: 'prints a secret with a line break in the middle, as base64 and mail programs do',
  holds: 'nothing of it is in the output',
  defence: [
    {
      file: 'reconciler/secrets/redactor.ts',
      take: 'whole.matchAll(/[^\\r\\n]+/g)',
      leave: 'whole.matchAll(/[^]+/g)',
    },
  ],
};

it(ATTACK.holds, async () => {
  const token = 'hunter2-'.repeat(20);
  const { tail } = await run(`printf %s '${token}' | fold -w 76`, [token]);
  expect(tail).toBe('[redacted]');
});
