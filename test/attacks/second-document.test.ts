import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { contribute, FLEET_FILE } from './scene/contribution.ts';
import { FLEET } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'contributor',
  does: 'adds a second YAML document below what a reader takes for the end of the file',
  holds: 'a host goes on with the commit before it',
  defence: [
    {
      file: 'reconciler/desired/read-yaml.ts',
      take: 'if (second !== undefined) return',
      leave: 'if (false) return',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { before, poll } = await contribute((repo) =>
    repo.write(FLEET_FILE, `${FLEET}---\ntrust: { requireSignedCommits: false }\n`),
  );
  expect(poll).toMatchObject({
    follows: before,
    refusal: expect.stringContaining('a second document begins here'),
  });
});
