import { expect, it } from 'vitest';
import { SecretUnavailable } from '../../reconciler/errors.ts';
import { openSecrets } from '../../reconciler/secrets/secret-sources.ts';
import type { Attack } from './proof/attack.ts';

const ATTACK: Attack = {
  attacker: 'contributor',
  does: 'asks for a secret called constructor, which every object of JavaScript has',
  holds: 'the host says that there is none, and goes on',
  defence: [
    {
      file: 'reconciler/secrets/secret-sources.ts',
      take: 'Object.hasOwn(secrets, name) ? secrets[name] : undefined',
      leave: 'secrets[name]',
    },
  ],
};

it(ATTACK.holds, async () => {
  const secrets = openSecrets({ file: 'host.yaml', secrets: {} });
  await expect(secrets.value('constructor')).rejects.toThrow(SecretUnavailable);
});
