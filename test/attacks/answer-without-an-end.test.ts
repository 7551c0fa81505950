import { expect, it } from 'vitest';
import { connectSsh } from '../../reconciler/apply/ssh.ts';
import type { Attack } from './proof/attack.ts';
import { startSshd } from './scene/sshd.ts';

const ATTACK: Attack = {
  attacker: 'guest',
  does: 'answers a probe with output that never stops',
  holds: 'the host keeps the beginning of it, and no more',
  defence: [
    {
      file: 'reconciler/apply/ssh.ts',
      take: 'const MOST_OUTPUT = 64 * 1024;',
      leave: 'const MOST_OUTPUT = 64 * 1024 * 1024;',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { target } = await startSshd();
  const session = await connectSsh(target, 10_000);
  const { stdout } = await session.run('yes | head -c 1000000', 20_000);
  session.close();
  expect(stdout).toHaveLength(64 * 1024);
});
