import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { contribute, GUEST_FOLDER } from './scene/contribution.ts';

const ATTACK: Attack = {
  attacker: 'contributor',
  does: 'puts a link to a file of the host where a file of the guest belongs',
  holds: 'a host goes on with the commit before it',
  defence: [
    {
      file: 'reconciler/desired/guest-folder.ts',
      take: '    if (isRegular(item)) continue;',
      leave: "    if (isRegular(item) || item.entry.kind === 'symlink') continue;",
    },
  ],
};

it(ATTACK.holds, async () => {
  const { before, poll } = await contribute(({ folder }) =>
    symlinkSync('/etc/shadow', join(folder, GUEST_FOLDER, 'config')),
  );
  expect(poll).toMatchObject({
    follows: before,
    refusal: expect.stringContaining('must be a regular file, not a symlink'),
  });
});
