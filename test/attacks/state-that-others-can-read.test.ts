import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { openScene } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'local user',
  does: 'looks into the state folder of a host, where what guests are built from lies',
  holds: 'others can neither list nor read it',
  defence: [
    {
      file: 'reconciler/host.ts',
      take: '  for (const folder of [dirs.root, dirs.guests]) await mkdir(folder, { recursive: true, mode: 0o700 });',
      leave:
        '  for (const folder of [dirs.root, dirs.guests]) await mkdir(folder, { recursive: true, mode: 0o755 });',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { host } = await openScene();
  const { config, restart } = await host();
  rmSync(config.stateDir, { recursive: true });
  await restart();
  const modes = ['.', 'guests', 'boxes'].map((name) => statSync(join(config.stateDir, name)).mode & 0o777);
  // box files may be read where they lie elsewhere, by other hosts for one; here nobody gets to them
  expect(modes).toEqual([0o700, 0o700, 0o755]);
});
