import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { takeHostLock } from '../../reconciler/daemon/host-lock.ts';
import type { Attack } from './proof/attack.ts';
import { ROOT } from './proof/attack.ts';
import { scratch } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'local user',
  does: 'starts a second reconciler beside the first',
  holds: 'it does nothing, and says who is at work',
  defence: [
    {
      file: 'reconciler/daemon/host-lock.ts',
      take: "database.exec('BEGIN EXCLUSIVE');",
      leave: "database.exec('BEGIN');",
    },
  ],
};

it(ATTACK.holds, async () => {
  const file = join(scratch(), 'lock');
  const lock = takeHostLock(file, 'the daemon');
  const module = pathToFileURL(join(ROOT, 'reconciler/daemon/host-lock.ts')).href;
  const source = `import { takeHostLock } from ${JSON.stringify(module)};
    try { takeHostLock(${JSON.stringify(file)}, 'another'); console.log('at work'); } catch (error) { console.log(error.message); }`;
  const { stdout } = await execa(process.execPath, ['--input-type=module', '--eval', source]);
  lock.release();
  expect(stdout).toContain('another reconciler (the daemon, process');
});
