import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { BOX_FILE, boxFile, contribute } from './scene/contribution.ts';

const ATTACK: Attack = {
  attacker: 'contributor',
  does: 'catalogues 2022.2.24.0 with other bytes beside 2022.2.24, which is the same version to Vagrant',
  holds: 'a host goes on with the commit before it',
  defence: [
    {
      file: 'reconciler/desired/find-box.ts',
      take: "return version.replace(/(\\.0+)+$/, '');",
      leave: 'return version;',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { before, poll } = await contribute((repo) =>
    repo.write(BOX_FILE, boxFile(['2022.2.24', '2022.2.24.0'])),
  );
  expect(poll).toMatchObject({ follows: before, refusal: expect.stringContaining('is the same as') });
});
