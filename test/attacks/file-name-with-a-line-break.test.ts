import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { contribute, GUEST_FOLDER } from './scene/contribution.ts';

const ATTACK: Attack = {
  attacker: 'contributor',
  does: 'names a file so that it draws lines of its own in a log or a review',
  holds: 'a host goes on with the commit before it',
  defence: [
    {
      file: 'reconciler/desired/guest-folder.ts',
      take: 'if (/[\\0-\\x1f\\x7f\\\\]/.test(path))',
      leave: 'if (/[\\0\\\\]/.test(path))',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { before, poll } = await contribute((repo) => repo.write(`${GUEST_FOLDER}/a\nbuilder1: in sync`, ''));
  expect(poll).toMatchObject({
    follows: before,
    refusal: expect.stringContaining('has a control character or a backslash in its name'),
  });
});
