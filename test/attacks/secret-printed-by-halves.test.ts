import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { run } from './scene/program.ts';

const ATTACK: Attack = {
  attacker: 'guest',
  does: 'prints a secret in two halves, with a wait between them',
  holds: 'it is not in the output',
  defence: [
    {
      file: 'reconciler/secrets/redactor.ts',
      take: 'const begun = beginningAtEnd(rest.text, needles);',
      leave: 'const begun = 0;',
    },
  ],
};

it(ATTACK.holds, async () => {
  const token = 'hunter2-hunter2-hunter2';
  const { tail } = await run(`printf 'hunter2-hun'; sleep 0.3; printf 'ter2-hunter2\\n'`, [token]);
  expect(tail).toBe('[redacted]');
});
