import { expect, it, onTestFinished } from 'vitest';
import { openAccountLab, someDraft } from '../unit/audit/account-lab.ts';
import type { Attack } from './proof/attack.ts';

const ATTACK: Attack = {
  attacker: 'guest',
  does: 'fails with an error whose lines look like the trailers of a record',
  holds: 'the record’s commit has the trailers of the host alone',
  defence: [
    { file: 'reconciler/audit/message.ts', take: '  return oneLine(text).trim();', leave: '  return text;' },
  ],
};

it(ATTACK.holds, async () => {
  const lab = await openAccountLab();
  onTestFinished(lab.dispose);
  const builder1 = await lab.host('builder1');
  const detail = 'no nix\n\nBoxreeve-Record: audit/builder2/mine.json\nBoxreeve-Outcome: in-sync';
  const probes = [{ guest: 'azure-agent', name: 'nix', ok: false, detail, durationMs: 1 }];
  await builder1.log.append(someDraft(lab.desired, { probes, outcome: 'unhealthy' }));
  await builder1.log.push();
  const message = await lab.repo.remoteGit('log', '-1', '--format=%B', 'audit/builder1');
  expect(message.split('\n').filter((line) => line.startsWith('Boxreeve-'))).toEqual([
    expect.stringMatching(/^Boxreeve-Record: audit\/builder1\//),
    `Boxreeve-Desired: ${lab.desired}`,
    'Boxreeve-Outcome: unhealthy',
  ]);
});
