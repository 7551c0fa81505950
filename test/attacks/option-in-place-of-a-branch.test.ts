import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadHostConfig } from '../../reconciler/daemon/load-host-config.ts';
import { InvalidHostConfig } from '../../reconciler/errors.ts';
import type { Attack } from './proof/attack.ts';
import { scratch } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'set-up guide',
  does: 'has --upload-pack=… written for the name of the branch',
  holds: 'host.yaml is refused',
  defence: [
    {
      file: 'reconciler/desired/check-schema.ts',
      take: 'if (accepts(yaml.value)) return',
      leave: "if (accepts(yaml.value) || kind === 'host-config') return",
    },
  ],
};

it(ATTACK.holds, async () => {
  const file = join(scratch(), 'host.yaml');
  const lines = ['name: builder1', 'repo: /srv/infra.git', 'signingKey: key'];
  writeFileSync(file, [...lines, 'branch: "--upload-pack=touch /tmp/mark"'].join('\n'));
  await expect(loadHostConfig(file)).rejects.toThrow(InvalidHostConfig);
});
