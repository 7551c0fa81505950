import { mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { findings, lastPath, openAccounts, rewrite } from './scene/account.ts';

const ATTACK: Attack = {
  attacker: 'stolen host key',
  does: 'puts a record under a path that belongs to another host, where a reader by paths would take it for that one’s',
  holds: 'an auditor is told so',
  defence: [
    { file: 'reconciler/audit/read-links.ts', take: '  if (path !== right)', leave: "  if (path === '')" },
  ],
};

it(ATTACK.holds, async () => {
  const { lab, one } = await openAccounts();
  await rewrite(lab, one, async (git) => {
    const path = join(lab.repo.folder, await lastPath(lab));
    const wrong = path.replaceAll('builder1', 'builder2');
    mkdirSync(dirname(wrong), { recursive: true });
    renameSync(path, wrong);
    await git('add', '--all');
    await git('commit', '--quiet', '--amend', '--no-edit');
  });
  expect(await findings(lab, [one])).toContainEqual(
    expect.stringMatching(/^builder1 malformed: adds .*builder2.*; this record belongs at/),
  );
});
