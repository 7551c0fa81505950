import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { findings, openAccounts, rewrite } from './scene/account.ts';

const ATTACK: Attack = {
  attacker: 'stolen host key',
  does: 'commits a file of his own beside a record, on a branch that everyone fetches',
  holds: 'an auditor is told so',
  defence: [
    { file: 'reconciler/audit/read-links.ts', take: '  if (files !== 1)', leave: '  if (files === 0)' },
  ],
};

it(ATTACK.holds, async () => {
  const { lab, one } = await openAccounts();
  await rewrite(lab, one, async (git) => {
    writeFileSync(join(lab.repo.folder, 'tool'), '#!/bin/sh');
    await git('add', 'tool');
    await git('commit', '--quiet', '--amend', '--no-edit');
  });
  expect(await findings(lab, [one])).toContainEqual(
    expect.stringMatching(/^builder1 malformed: changes 2 files/),
  );
});
