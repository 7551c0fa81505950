import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { contribute, FLEET_FILE } from './scene/contribution.ts';

const ATTACK: Attack = {
  attacker: 'contributor',
  does: 'nests lists a hundred thousand deep, so that whatever reads them runs out of stack',
  holds: 'a host reads it to the end, refuses it, and reads the next commit',
  defence: [
    {
      file: 'reconciler/desired/limits.ts',
      take: 'export const DEEPEST_YAML = 32;',
      leave: 'export const DEEPEST_YAML = 10_000_000;',
    },
  ],
};

it(ATTACK.holds, async () => {
  const reading = contribute((repo) => repo.write(FLEET_FILE, `kind: ${'['.repeat(100_000)}`));
  await expect(reading.then(({ poll }) => poll.refusal)).resolves.toContain('deep here');
});
