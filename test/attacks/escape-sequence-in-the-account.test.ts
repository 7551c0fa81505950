import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { someDraft } from '../unit/audit/account-lab.ts';
import type { Attack } from './proof/attack.ts';
import { ROOT } from './proof/attack.ts';
import { openAccounts } from './scene/account.ts';

const ATTACK: Attack = {
  attacker: 'guest',
  does: 'fails with an error that has escape sequences in it, by which a terminal hides what a record says',
  holds: 'whoever reads the account sees them for what they are',
  defence: [
    {
      file: 'reconciler/cli/options.ts',
      take: 'const shown = visible(text);',
      leave: 'const shown = text;',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { lab, one } = await openAccounts();
  const summary = 'failed: \u001b[1A\u001b[2Kin sync\u202e';
  await one.log.append(someDraft(lab.desired, { kind: 'applied', outcome: 'failed', summary }));
  await one.log.push();
  const config = join(lab.root, 'host.yaml');
  const fields = {
    name: 'auditor',
    repo: lab.repo.url,
    stateDir: join(lab.root, 'auditor'),
    signingKey: one.key,
  };
  writeFileSync(config, JSON.stringify(fields));
  const main = join(ROOT, 'reconciler/cli/main.ts');
  const { stdout } = await execa(process.execPath, [main, 'audit', 'log', '--config', config]);
  expect(stdout).toContain('failed: \\u001b[1A\\u001b[2Kin sync\\u202e');
  expect(stdout).not.toContain('\u001b');
});
