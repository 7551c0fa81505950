import { createServer } from 'node:http';
import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { openScene } from './scene/scene.ts';
import { listening } from './scene/server.ts';

const ATTACK: Attack = {
  attacker: 'local user',
  does: 'reads the password of the infra repo in what a host tells of a remote that has no such branch',
  holds: 'the address is told without it',
  defence: [
    {
      file: 'reconciler/git/git-command.ts',
      take: "  return text.replace(/([a-z][a-z0-9+.-]*:\\/\\/)[^/\\s]*@/gi, '$1');",
      leave: '  return text;',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { begun, host } = await openScene();
  const url = await listening(
    createServer((_request, response) => response.end(`${begun}\trefs/heads/other\n`)),
  );
  const builder1 = await host({ repo: `${url.replace('//', '//ada:hunter2@')}/infra.git` });
  const { offline } = await builder1.poll();
  expect(offline).toContain('/infra.git has no branch main');
  expect(offline).not.toContain('hunter2');
});
