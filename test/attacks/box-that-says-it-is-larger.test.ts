import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { boxOf, fetchIt, serve } from './scene/box.ts';

const ATTACK: Attack = {
  attacker: 'box source',
  does: 'says that the file is ten times as large, so that a host makes room for it',
  holds: 'the host takes nothing of it',
  defence: [
    {
      file: 'reconciler/boxes/partial-file.ts',
      take: '    if (body.size !== null && body.size !== expected.size) {',
      leave: '    if (body.size === 0) {',
    },
  ],
};

it(ATTACK.holds, async () => {
  const content = randomBytes(300_000);
  const server = await serve(content);
  const box = boxOf(content, server.url);
  server.manners.content = randomBytes(3_000_000);
  const { problem } = await fetchIt(box);
  expect(problem).toContain('has 3000000 bytes, and 300000 are catalogued');
});
