import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { contribute, FLEET_FILE } from './scene/contribution.ts';
import { FLEET } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'contributor',
  does: 'has records pushed to a branch whose name goes on as a refspec: audit/{host}:refs/heads/main',
  holds: 'a host goes on with the commit before it',
  defence: [
    {
      file: 'reconciler/desired/fleet-rules.ts',
      take: "if (!isBranch(auditBranch.replaceAll('{host}', 'host')))",
      leave: "if (auditBranch === '')",
    },
  ],
};

it(ATTACK.holds, async () => {
  const { before, poll } = await contribute((repo) =>
    repo.write(FLEET_FILE, `${FLEET}audit: { branch: "audit/{host}:refs/heads/main" }\n`),
  );
  expect(poll).toMatchObject({
    follows: before,
    refusal: expect.stringContaining('is not the name of a Git branch'),
  });
});
