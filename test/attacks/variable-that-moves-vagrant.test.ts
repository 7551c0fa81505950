import { expect, it } from 'vitest';
import { writeGuest } from '../lab/desired-state.ts';
import type { Attack } from './proof/attack.ts';
import { contribute } from './scene/contribution.ts';

const ATTACK: Attack = {
  attacker: 'contributor',
  does: 'sets VAGRANT_HOME in the environment of a guest, so that boxes come from a place of his',
  holds: 'a host goes on with the commit before it',
  defence: [
    {
      file: 'reconciler/desired/check-schema.ts',
      take: 'if (accepts(yaml.value)) return',
      leave: "if (accepts(yaml.value) || kind === 'guest') return",
    },
  ],
};

it(ATTACK.holds, async () => {
  const { before, poll } = await contribute((repo) =>
    writeGuest(repo, { version: '2022.2.24', env: { VAGRANT_HOME: '/tmp/mine' } }),
  );
  expect(poll).toMatchObject({ follows: before, refusal: expect.stringContaining('VAGRANT_HOME') });
});
