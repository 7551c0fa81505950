import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { boxOf, fetchIt, serve } from './scene/box.ts';

const ATTACK: Attack = {
  attacker: 'box source',
  does: 'gives another file of the same size',
  holds: 'the file never gets the name of the box',
  defence: [
    {
      file: 'reconciler/boxes/partial-file.ts',
      take: '  if (digest !== expected.sha256) throw',
      leave: "  if (digest === '') throw",
    },
  ],
};

it(ATTACK.holds, async () => {
  const content = randomBytes(300_000);
  const server = await serve(content);
  const box = boxOf(content, server.url);
  server.manners.content = randomBytes(content.length);
  const { problem, here } = await fetchIt(box);
  expect(here).toEqual([]);
  expect(problem).toContain('is catalogued');
});
