import { expect, it, onTestFinished } from 'vitest';
import { archiveBytes } from '../../reconciler/audit/archive/archive-form.ts';
import { kindsIn, newKey, openAccountLab, someDraft } from '../unit/audit/account-lab.ts';
import type { Attack } from './proof/attack.ts';

const ATTACK: Attack = {
  attacker: 'push right',
  does: 'deletes the account of a host that left, and puts half of it into an archive of his own',
  holds: 'the archive is not gone by, and said to be by no approver',
  defence: [
    {
      file: 'reconciler/audit/archive/read-archive.ts',
      take: '  if (!signer.ok) return signer.why;',
      leave: '  if (!signer.ok) return null;',
    },
  ],
};

it(ATTACK.holds, async () => {
  const lab = await openAccountLab();
  onTestFinished(lab.dispose);
  const [ada, eve] = [await newKey(lab.root, 'ada'), await newKey(lab.root, 'eve')];
  const builder1 = await lab.host('builder1');
  lab.repo.write('desired-state/fleet.yaml', 'kind: Fleet\ntrust: { requireSignedCommits: true }\n');
  lab.repo.write('desired-state/trust/approvers', `ada@example.org ${ada.publicKey}\n`);
  await lab.declare({ builder1: `auditKey: ${builder1.publicKey}` });
  for (const _ of ['once', 'twice']) await builder1.log.append(someDraft(lab.desired));
  await builder1.log.push();
  lab.repo.remove('desired-state/hosts/builder1.yaml');
  await lab.repo.merge('Retire builder1');
  await lab.repo.git('fetch', '--quiet', 'origin');
  const half = await lab.repo.git('rev-parse', 'origin/audit/builder1~1');
  const hosts = { builder1: { tip: half, records: 1, time: '2026-11-01T00:00:00Z' } };
  await lab.repo.git('checkout', '--quiet', '--detach', half);
  await lab.repo.git('rm', '-r', '--quiet', '.');
  lab.repo.write('archive.json', archiveBytes({ version: 1, before: '2026-11', hosts }).toString());
  await lab.repo.git('add', 'archive.json');
  await lab.tamper(eve.key, 'commit', '--quiet', '-m', 'Archive');
  await lab.repo.git('push', '--quiet', 'origin', 'HEAD:refs/heads/boxreeve/archive', ':audit/builder1');
  expect(kindsIn(await lab.audit(await lab.host('auditor')))).toContain('boxreeve/archive bad-archive');
});
