import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { boxOf, fetchIt, serve } from './scene/box.ts';
import { tlsServer } from './scene/tls.ts';

const ATTACK: Attack = {
  attacker: 'network',
  does: 'redirects from https to http, where anyone can see and change what comes',
  holds: 'the host does not follow, not even for one request',
  defence: [
    {
      file: 'reconciler/boxes/sources/http.ts',
      take: "|| from.protocol === 'https:')) {",
      leave: "|| from.protocol === 'none:')) {",
    },
  ],
};

it(ATTACK.holds, async () => {
  const content = randomBytes(300_000);
  const plain = await serve(content);
  const url = await tlsServer((_request, response) => response.writeHead(302, { location: plain.url }).end());
  const { problem } = await fetchIt(boxOf(content, `${url}/image.box`));
  expect(plain.requests).toEqual([]);
  expect(problem).toContain('which is not https');
});
