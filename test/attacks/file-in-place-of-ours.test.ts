import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { contribute, GUEST_FOLDER } from './scene/contribution.ts';

const ATTACK: Attack = {
  attacker: 'contributor',
  does: 'commits a file under the name by which Vagrant is told which box to use, in letters that a Mac takes for the same',
  holds: 'a host goes on with the commit before it',
  defence: [
    {
      file: 'reconciler/desired/guest-folder.ts',
      take: "  'vagrantfile.boxreeve': 'is a name that Boxreeve uses itself: call the file something else',",
      leave: '',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { before, poll } = await contribute((repo) =>
    repo.write(`${GUEST_FOLDER}/VAGRANTFILE.boxreeve`, 'system("id")'),
  );
  expect(poll).toMatchObject({
    follows: before,
    refusal: expect.stringContaining('is a name that Boxreeve uses itself'),
  });
});
