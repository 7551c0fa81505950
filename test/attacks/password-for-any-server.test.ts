import { createServer } from 'node:http';
import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { inHome } from './scene/home.ts';
import { openScene } from './scene/scene.ts';
import { listening } from './scene/server.ts';

const ATTACK: Attack = {
  attacker: 'git server',
  does: 'asks for a password, which the person’s own Git would look up and hand over',
  holds: 'Git on a host has no password to give',
  defence: [
    { file: 'reconciler/git/git-command.ts', take: "    GIT_CONFIG_GLOBAL: '/dev/null',", leave: '' },
    { file: 'reconciler/git/git-command.ts', take: "    GIT_CONFIG_NOSYSTEM: '1',", leave: '' },
  ],
};

it(ATTACK.holds, async () => {
  const { root, host } = await openScene();
  inHome(root, {
    '.gitconfig': '[credential]\n\thelper = "!f() { echo username=ada; echo password=hunter2; }; f"\n',
  });
  const told: (string | undefined)[] = [];
  const url = await listening(
    createServer((request, response) => {
      told.push(request.headers.authorization);
      response.writeHead(401, { 'www-authenticate': 'Basic realm="infra"' }).end();
    }),
  );
  const builder1 = await host({ repo: `${url}/infra.git` });
  expect(await builder1.poll()).toMatchObject({ follows: null, offline: expect.any(String) });
  expect(told.filter((authorization) => authorization !== undefined)).toEqual([]);
});
