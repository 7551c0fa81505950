import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { contribute, FLEET_FILE } from './scene/contribution.ts';
import { FLEET } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'contributor',
  does: 'writes a key twice: a reader sees the first, a parser takes the last',
  holds: 'a host goes on with the commit before it',
  defence: [
    {
      file: 'reconciler/desired/yaml-values.ts',
      take: 'if (seen.has(key.text)) this',
      leave: 'if (false) this',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { before, poll } = await contribute((repo) =>
    repo.write(FLEET_FILE, `${FLEET}trust: { requireSignedCommits: false }\n`),
  );
  expect(poll).toMatchObject({ follows: before, refusal: expect.stringContaining('is here twice') });
});
