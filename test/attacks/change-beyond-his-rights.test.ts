import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { approver, hostFile, openScene } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'approver',
  does: 'changes a host that the rules leave to someone else',
  holds: 'a host stays at the commit before it',
  defence: [
    {
      file: 'reconciler/trust/judge.ts',
      take: '    if (barred !== undefined) throw',
      leave: "    if (barred === '') throw",
    },
  ],
};

it(ATTACK.holds, async () => {
  const { repo, ada, eve, host } = await openScene();
  const builder1 = await host();
  await builder1.poll();
  repo.write('desired-state/trust/approvers', approver('ada', ada) + approver('eve', eve));
  repo.write(
    'desired-state/trust/rules.yaml',
    `kind: TrustRules
rules: [{ paths: ["hosts/", "trust/"], approvers: [ada@example.org] }]
`,
  );
  const before = await repo.merge('Let Eve approve', ada.key);
  await builder1.poll();
  repo.write('desired-state/hosts/builder9.yaml', hostFile('builder9', eve));
  await repo.merge('Add a host', eve.key);
  expect(await builder1.poll()).toMatchObject({
    follows: before,
    refusal: expect.stringContaining('which only ada@example.org may'),
  });
});
