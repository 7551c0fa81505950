import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { findings, lastPath, openAccounts, rewrite } from './scene/account.ts';

const ATTACK: Attack = {
  attacker: 'stolen host key',
  does: 'commits a link where a record belongs, so that what is read depends on who reads it',
  holds: 'an auditor is told so',
  defence: [
    { file: 'reconciler/audit/read-links.ts', take: "  if (mode !== '100644')", leave: "  if (mode === '')" },
  ],
};

it(ATTACK.holds, async () => {
  const { lab, one } = await openAccounts();
  await rewrite(lab, one, async (git) => {
    const path = await lastPath(lab);
    const blob = await git('hash-object', '-w', join(lab.repo.folder, path));
    await git('update-index', '--cacheinfo', `120000,${blob},${path}`);
    await git('commit', '--quiet', '--amend', '--no-edit');
  });
  expect(await findings(lab, [one])).toContainEqual(
    expect.stringMatching(/^builder1 malformed: adds .*, which is no plain file/),
  );
});
