import { expect, it, onTestFinished } from 'vitest';
import { type AccountHost, kindsIn, newKey, openAccountLab, someDraft } from '../unit/audit/account-lab.ts';
import type { Attack } from './proof/attack.ts';

const ATTACK: Attack = {
  attacker: 'contributor',
  does: 'names a key of his own for a host in a proposal, takes it out again, and has the proposal merged',
  holds: 'records by that key count for nothing',
  defence: [
    {
      file: 'reconciler/audit/key-history.ts',
      take: "'rev-list', '--first-parent', '--parents', '--reverse'",
      leave: "'rev-list', '--parents', '--reverse'",
    },
  ],
};

it(ATTACK.holds, async () => {
  const lab = await openAccountLab();
  onTestFinished(lab.dispose);
  const [one, two, auditor] = [
    await lab.host('builder1'),
    await lab.host('builder2'),
    await lab.host('auditor'),
  ];
  const theirs = `auditKey: ${two.publicKey}`;
  const record = async (host: AccountHost, tip: string) => {
    const log = lab.logOf(host);
    await log.append(someDraft(tip));
    await log.push();
  };
  const named = await lab.declare({ builder1: `auditKey: ${one.publicKey}`, builder2: theirs });
  const eve = { ...one, ...(await newKey(lab.root, 'eve')) };
  await lab.repo.git('checkout', '--quiet', '-b', 'proposal');
  for (const key of [eve.publicKey, `${one.publicKey} again`]) {
    lab.repo.write(
      'desired-state/hosts/builder1.yaml',
      `kind: Host\nname: builder1\nauditKey: ${key}\nguests: []\n`,
    );
    await lab.repo.git('commit', '--quiet', '--all', '-m', 'Propose');
  }
  await lab.repo.git('checkout', '--quiet', 'main');
  await lab.repo.git('merge', '--quiet', '--no-ff', '-m', 'Merge the proposal', 'proposal');
  await lab.repo.git('push', '--quiet', 'origin', 'main');
  await record(eve, named);
  expect(kindsIn(await lab.audit(auditor))).toContain('builder1 wrong-key');
});
