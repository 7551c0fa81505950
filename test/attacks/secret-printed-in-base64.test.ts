import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { run } from './scene/program.ts';

const ATTACK: Attack = {
  attacker: 'guest',
  does: 'prints a secret inside a longer text in base64, as an HTTP header has it',
  holds: 'it is not in the output',
  defence: [{ file: 'reconciler/secrets/spellings.ts', take: '    ...inBase64(part),', leave: '' }],
};

it(ATTACK.holds, async () => {
  const token = 'hunter2-hunter2-hunter2';
  const { tail } = await run(`printf 'user:%s' '${token}' | base64`, [token]);
  expect(Buffer.from(tail, 'base64').toString()).not.toContain('hunter2');
  expect(tail).toContain('[redacted]');
});
