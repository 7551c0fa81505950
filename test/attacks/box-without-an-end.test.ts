import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { boxOf, fetchIt, serve } from './scene/box.ts';

const ATTACK: Attack = {
  attacker: 'box source',
  does: 'gives more and more, to fill the disk of the host',
  holds: 'no byte is kept beyond the size that is catalogued',
  defence: [
    {
      file: 'reconciler/boxes/partial-file.ts',
      take: '    if (size + chunk.length > expected.size) {',
      leave: '    if (size < 0) {',
    },
  ],
};

it(ATTACK.holds, async () => {
  const content = randomBytes(300_000);
  const server = await serve(content);
  const box = boxOf(content, server.url);
  Object.assign(server.manners, { content: randomBytes(3_000_000), tellsSize: false });
  const { problem } = await fetchIt(box);
  expect(problem).toContain('gives more than the 300000 bytes that are catalogued');
});
