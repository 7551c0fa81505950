import { expect, it, onTestFinished } from 'vitest';
import { type AccountHost, kindsIn, newKey, openAccountLab, someDraft } from '../unit/audit/account-lab.ts';
import type { Attack } from './proof/attack.ts';

const ATTACK: Attack = {
  attacker: 'stolen host key',
  does: 'goes on writing records after the key was revoked, and dates them to before',
  holds: 'they count for nothing',
  defence: [
    {
      file: 'reconciler/audit/host-keys.ts',
      take: `  if (key.revoked !== null)
`,
      leave: `  if (key.key === '')
`,
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
  await record(one, named);
  const next = await newKey(lab.root, 'next');
  const revoked = `revokedAuditKeys: [{ key: ${one.publicKey} }]`;
  await lab.declare({ builder1: `auditKey: ${next.publicKey}\n${revoked}`, builder2: theirs });
  await record(one, named);
  expect(kindsIn(await lab.audit(auditor))).toContain('builder1 revoked-key');
});
