import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { run } from './scene/program.ts';

const ATTACK: Attack = {
  attacker: 'guest',
  does: 'prints for ever, to fill the memory of the host',
  holds: 'the host keeps the last of it, and no more',
  defence: [
    {
      file: 'reconciler/apply/collect-output.ts',
      take: '    tail = (tail + text).slice(-TAIL);',
      leave: '    tail = tail + text;',
    },
    {
      file: 'reconciler/apply/collect-output.ts',
      take: '  if (bytes.length <= TAIL) return text;',
      leave: '  if (bytes.length > 0) return text;',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { tail } = await run('yes | head -c 3000000', []);
  expect(tail.length).toBeLessThan(10_000);
});
