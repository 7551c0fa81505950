import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { run } from './scene/program.ts';

const ATTACK: Attack = {
  attacker: 'guest',
  does: 'prints a key of many lines with something before each',
  holds: 'no line of it is in the output',
  defence: [
    {
      file: 'reconciler/secrets/spellings.ts',
      take: '[value, ...(lines.length > 1 ? lines : [])]',
      leave: '[value]',
    },
  ],
};

it(ATTACK.holds, async () => {
  const lines = [
    '-----BEGIN KEY-----',
    'b3BlbnNzaC1rZXktdjEAAAA',
    'Ebm9uZQAAAAAAAAABAAAAM',
    '-----END KEY-----',
  ];
  const key = lines.join('\n');
  const { tail } = await run(`printf '%s\\n' '${key}' | sed 's/^/> /'`, [key]);
  expect(tail.split('\n')).toEqual(lines.map(() => '> [redacted]'));
});
