import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { contribute, GUEST_FOLDER } from './scene/contribution.ts';

const ATTACK: Attack = {
  attacker: 'contributor',
  does: 'adds a huge file to a guest, to fill the memory of every host that reads it',
  holds: 'a host goes on with the commit before it',
  defence: [
    {
      file: 'reconciler/desired/guest-folder.ts',
      take: 'if (size <= LARGEST_GUEST) return true;',
      leave: 'return true;',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { before, poll } = await contribute((repo) =>
    repo.write(`${GUEST_FOLDER}/image`, 'x'.repeat(17 * 1024 * 1024)),
  );
  expect(poll).toMatchObject({ follows: before, refusal: expect.stringContaining('together; the most is') });
});
