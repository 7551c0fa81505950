import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { findings, lastPath, openAccounts, rewrite } from './scene/account.ts';

const ATTACK: Attack = {
  attacker: 'stolen host key',
  does: 'signs a true record of another host as one of the host whose key he has',
  holds: 'an auditor is told so',
  defence: [
    {
      file: 'reconciler/audit/read-links.ts',
      take: '  if (record.host !== host)',
      leave: "  if (record.host === '')",
    },
  ],
};

it(ATTACK.holds, async () => {
  const { lab, one, two } = await openAccounts();
  await lab.repo.git('fetch', '--quiet', 'origin', 'audit/builder2');
  const theirs = await lab.repo.git('diff-tree', '--no-commit-id', '--name-only', '-r', 'FETCH_HEAD');
  const record = await lab.repo.git('show', `FETCH_HEAD:${theirs}`);
  await rewrite(lab, one, async (git) => {
    rmSync(join(lab.repo.folder, await lastPath(lab)));
    const place = join(lab.repo.folder, theirs.replaceAll('builder2', 'builder1'));
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, `${record}\n`);
    await git('add', '--all');
    await git('commit', '--quiet', '--amend', '--no-edit');
  });
  expect(await findings(lab, [one, two])).toContainEqual(
    expect.stringMatching(/^builder1 malformed: adds a record of builder2/),
  );
});
