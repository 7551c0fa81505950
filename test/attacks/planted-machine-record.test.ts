import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { contribute, GUEST_FOLDER } from './scene/contribution.ts';

const ATTACK: Attack = {
  attacker: 'contributor',
  does: "commits a .vagrant folder, so that Vagrant takes another's machine for the guest's",
  holds: 'a host goes on with the commit before it',
  defence: [
    {
      file: 'reconciler/desired/guest-folder.ts',
      take: "  '.vagrant': \"is where Vagrant keeps a machine's state: do not commit it (add it to .gitignore)\",",
      leave: '',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { before, poll } = await contribute((repo) =>
    repo.write(`${GUEST_FOLDER}/.vagrant/machines/default/lxc/id`, 'payroll-server'),
  );
  expect(poll).toMatchObject({ follows: before, refusal: expect.stringContaining('do not commit it') });
});
