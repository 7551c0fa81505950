import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { SecretUnavailable } from '../../reconciler/errors.ts';
import { openSecrets } from '../../reconciler/secrets/secret-sources.ts';
import type { Attack } from './proof/attack.ts';
import { scratch } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'local user',
  does: 'reads a secret from a file that was left readable',
  holds: 'the host does not use a secret that others may know',
  defence: [
    {
      file: 'reconciler/secrets/secret-sources.ts',
      take: '    if ((about.mode & OTHERS) !== 0) {',
      leave: '    if (about.mode === 0) {',
    },
  ],
};

it(ATTACK.holds, async () => {
  const file = join(scratch(), 'token');
  writeFileSync(file, 'hunter2hunter2');
  chmodSync(file, 0o644);
  const secrets = openSecrets({ file: 'host.yaml', secrets: { TOKEN: { file } } });
  await expect(secrets.value('TOKEN')).rejects.toThrow(SecretUnavailable);
});
