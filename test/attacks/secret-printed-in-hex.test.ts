import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { run } from './scene/program.ts';

const ATTACK: Attack = {
  attacker: 'guest',
  does: 'prints a secret as digits',
  holds: 'it is not in the output',
  defence: [{ file: 'reconciler/secrets/spellings.ts', take: '    ...inHex(part),', leave: '' }],
};

it(ATTACK.holds, async () => {
  const token = 'hunter2-hunter2-hunter2';
  const { tail } = await run(`printf %s '${token}' | od -An -v -tx1 | tr -d ' \\n'`, [token]);
  expect(Buffer.from(tail.trim(), 'hex').toString()).not.toContain('hunter2');
  expect(tail).toContain('[redacted]');
});
