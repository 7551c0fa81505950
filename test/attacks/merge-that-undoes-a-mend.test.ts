import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { approver, hostFile, openScene } from './scene/scene.ts';
import { commit, merge, push } from './scene/signed-commit.ts';

const ATTACK: Attack = {
  attacker: 'approver',
  does: 'merges a branch from before a mend, and takes the old file: no line of it is new',
  holds: 'what the merge has is held against the rules as his own change',
  defence: [
    {
      file: 'reconciler/trust/own-changes.ts',
      take: '  return changed.length === 1 && changed[0] === has;',
      leave: '  return now.has(has);',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { repo, ada, eve, builder1: own, host } = await openScene();
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
  await repo.git('checkout', '--quiet', '-b', 'side');
  repo.write('notes.md', 'harmless');
  await commit(repo, 'Harmless', eve);
  await repo.git('checkout', '--quiet', '--detach', before);
  repo.write('desired-state/hosts/builder1.yaml', `${hostFile('builder1', own)}labels: [mended]\n`);
  const mended = await repo.merge('Mend it', ada.key);
  await builder1.poll();
  await merge(repo, 'side', eve, () =>
    repo.write('desired-state/hosts/builder1.yaml', hostFile('builder1', own)),
  );
  await push(repo);
  expect(await builder1.poll()).toMatchObject({
    follows: mended,
    refusal: expect.stringContaining('changes hosts/builder1.yaml'),
  });
});
