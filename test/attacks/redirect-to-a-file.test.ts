import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { boxOf, fetchIt, serve } from './scene/box.ts';

const ATTACK: Attack = {
  attacker: 'box source',
  does: 'redirects to a file of the host itself',
  holds: 'the host does not follow',
  defence: [
    {
      file: 'reconciler/boxes/sources/http.ts',
      take: "  if (to.protocol !== 'https:' && (to.protocol !== 'http:' || from.protocol === 'https:')) {",
      leave: "  if (to.protocol === '') {",
    },
  ],
};

it(ATTACK.holds, async () => {
  const content = randomBytes(300_000);
  const server = await serve(content);
  const box = boxOf(content, server.url);
  Object.assign(server.manners, { status: 302, headers: { location: 'file:///etc/passwd' } });
  const { problem } = await fetchIt(box);
  expect(problem).toContain('redirects to file:, which is not https');
});
