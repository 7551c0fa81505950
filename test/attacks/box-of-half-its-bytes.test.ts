import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { boxOf, fetchIt, serve } from './scene/box.ts';

const ATTACK: Attack = {
  attacker: 'box source',
  does: 'breaks off in the middle, after saying that this was all',
  holds: 'what came is not taken for the box',
  defence: [
    {
      file: 'reconciler/boxes/partial-file.ts',
      take: '  if (size < expected.size) throw',
      leave: '  if (size < 0) throw',
    },
    {
      file: 'reconciler/boxes/partial-file.ts',
      take: '  if (digest !== expected.sha256) throw',
      leave: '  if (size === expected.size && digest !== expected.sha256) throw',
    },
  ],
};

it(ATTACK.holds, async () => {
  const content = randomBytes(300_000);
  const server = await serve(content);
  const box = boxOf(content, server.url);
  Object.assign(server.manners, { content: content.subarray(0, 150_000), tellsSize: false });
  const { problem, here } = await fetchIt(box);
  expect(here).not.toContain(`${box.sha256}.box`);
  expect(problem).toContain('broke off after 150000 of 300000 bytes');
});
