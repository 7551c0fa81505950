import { expect, it } from 'vitest';
import { connectSsh } from '../../reconciler/apply/ssh.ts';
import type { Attack } from './proof/attack.ts';
import { startSshd } from './scene/sshd.ts';

const ATTACK: Attack = {
  attacker: 'network',
  does: 'answers at the address of a guest with a machine of his own',
  holds: 'the host does not talk to it',
  defence: [
    {
      file: 'reconciler/apply/ssh.ts',
      take: '          return target.hostKey === null || target.hostKey === hostKey;',
      leave: '          return true;',
    },
  ],
};

it(ATTACK.holds, async () => {
  const first = await startSshd();
  const session = await connectSsh(first.target, 10_000);
  session.close();
  const other = await startSshd();
  const asked = connectSsh({ ...other.target, hostKey: session.hostKey }, 10_000).then(
    (talking) => {
      talking.close();
      return 'talks to it';
    },
    (error: unknown) => String(error),
  );
  expect(await asked).toContain('it is not the same machine');
});
