import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { boxOf, fetchIt, serve } from './scene/box.ts';

const ATTACK: Attack = {
  attacker: 'box source',
  does: 'redirects to himself for ever',
  holds: 'the host gives up',
  defence: [
    {
      file: 'reconciler/boxes/sources/http.ts',
      take: 'hop <= MOST_REDIRECTS',
      leave: 'hop <= 50 * MOST_REDIRECTS',
    },
  ],
};

it(ATTACK.holds, async () => {
  const content = randomBytes(300_000);
  const server = await serve(content);
  const box = boxOf(content, server.url);
  Object.assign(server.manners, { status: 302, headers: { location: '/image.box' } });
  await fetchIt(box);
  expect(server.requests.length).toBeLessThan(20);
});
