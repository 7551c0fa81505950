import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { contribute, FLEET_FILE } from './scene/contribution.ts';
import { FLEET } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'contributor',
  does: 'hides a line from whoever looks at it in a terminal, by an escape sequence',
  holds: 'a host goes on with the commit before it',
  defence: [
    {
      file: 'reconciler/desired/yaml-text.ts',
      take: 'if (control === null) return { text };',
      leave: "return { text: text.replace(/\\x1b.*$/gm, '') };",
    },
  ],
};

it(ATTACK.holds, async () => {
  const { before, poll } = await contribute((repo) => repo.write(FLEET_FILE, `${FLEET}# \x1b[8m hidden\n`));
  expect(poll).toMatchObject({
    follows: before,
    refusal: expect.stringContaining('a control character (U+001B) stands here'),
  });
});
