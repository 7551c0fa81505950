import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { contribute, GUEST_FOLDER } from './scene/contribution.ts';

const ATTACK: Attack = {
  attacker: 'contributor',
  does: 'adds more files to a guest than a host should ever read',
  holds: 'a host goes on with the commit before it',
  defence: [
    {
      file: 'reconciler/desired/guest-folder.ts',
      take: 'if (items.length > MOST_GUEST_FILES)',
      leave: 'if (items.length > Number.MAX_SAFE_INTEGER)',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { before, poll } = await contribute((repo) =>
    Array.from({ length: 1001 }, (_, at) => repo.write(`${GUEST_FOLDER}/data/${at}`, '')),
  );
  expect(poll).toMatchObject({ follows: before, refusal: expect.stringContaining('files; the most is') });
});
