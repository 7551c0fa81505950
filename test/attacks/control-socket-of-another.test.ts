import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { serveControlSocket } from '../../reconciler/daemon/control-socket.ts';
import type { Attack } from './proof/attack.ts';
import { scratch } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'local user',
  does: 'connects to the control socket, by which guests are paused and reconciles started',
  holds: 'only the user of the daemon may',
  defence: [
    {
      file: 'reconciler/daemon/control-socket.ts',
      take: 'process.umask(0o177)',
      leave: 'process.umask(0o000)',
    },
    { file: 'reconciler/daemon/control-socket.ts', take: '  chmodSync(path, 0o600);', leave: '' },
  ],
};

it(ATTACK.holds, async () => {
  const path = join(scratch(), 'control.sock');
  const server = await serveControlSocket(path, async () => 'paused');
  const mode = statSync(path).mode & 0o777;
  server.close();
  expect(mode.toString(8)).toBe('600');
});
