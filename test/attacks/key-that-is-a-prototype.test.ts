import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { contribute, FLEET_FILE } from './scene/contribution.ts';
import { FLEET } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'contributor',
  does: 'writes a __proto__ key, by which a parser in JavaScript is given values that no check sees',
  holds: 'a host goes on with the commit before it',
  defence: [
    {
      file: 'reconciler/desired/yaml-values.ts',
      take: `      Object.defineProperty(value, key.text, {
        value: item,
        enumerable: true,
        writable: true,
        configurable: true,
      });`,
      leave: '      value[key.text] = item;',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { before, poll } = await contribute((repo) =>
    repo.write(FLEET_FILE, `${FLEET}rollout: { __proto__: { maxUnavailable: 9 } }\n`),
  );
  expect(poll).toMatchObject({ follows: before, refusal: expect.stringContaining('__proto__') });
});
