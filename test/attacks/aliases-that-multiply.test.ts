import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { contribute, FLEET_FILE } from './scene/contribution.ts';
import { FLEET } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'contributor',
  does: 'writes a few lines of YAML aliases that stand for a million values',
  holds: 'a host goes on with the commit before it',
  defence: [
    {
      file: 'reconciler/desired/limits.ts',
      take: 'export const MOST_ALIASES = 100;',
      leave: 'export const MOST_ALIASES = 5_000_000;',
    },
    {
      file: 'reconciler/desired/limits.ts',
      take: 'export const MOST_VALUES = 50_000;',
      leave: 'export const MOST_VALUES = 5_000_000;',
    },
  ],
};

/** Each line stands for four of the line before. */
function bomb(lines: number): string {
  return Array.from({ length: lines }, (_, at) =>
    at === 0
      ? 'x0: &x0 [1, 1, 1, 1]\n'
      : `x${at}: &x${at} [${Array(4)
          .fill(`*x${at - 1}`)
          .join(', ')}]\n`,
  ).join('');
}

it(ATTACK.holds, async () => {
  const { before, poll } = await contribute((repo) => repo.write(FLEET_FILE, FLEET + bomb(10)));
  expect(poll).toMatchObject({
    follows: before,
    refusal: expect.stringContaining('there are more than 100 aliases in this file'),
  });
});
