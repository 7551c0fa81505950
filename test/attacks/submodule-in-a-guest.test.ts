import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { contribute, GUEST_FOLDER } from './scene/contribution.ts';

const ATTACK: Attack = {
  attacker: 'contributor',
  does: 'puts a submodule in a guest, whose content no review of this repo shows',
  holds: 'a host goes on with the commit before it',
  defence: [
    {
      file: 'reconciler/desired/guest-folder.ts',
      take: '    if (isRegular(item)) continue;',
      leave: "    if (isRegular(item) || item.entry.kind === 'submodule') continue;",
    },
  ],
};

it(ATTACK.holds, async () => {
  const { before, poll } = await contribute(({ folder, git }) => {
    mkdirSync(join(folder, GUEST_FOLDER, 'tools'));
    return git('update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},${GUEST_FOLDER}/tools`);
  });
  expect(poll).toMatchObject({
    follows: before,
    refusal: expect.stringContaining('must be a regular file, not a submodule'),
  });
});
