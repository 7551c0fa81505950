import { createConnection } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { serveControlSocket } from '../../reconciler/daemon/control-socket.ts';
import type { Attack } from './proof/attack.ts';
import { scratch } from './scene/scene.ts';

const ATTACK: Attack = {
  attacker: 'local user',
  does: 'sends the daemon one line that goes on and on',
  holds: 'the daemon hangs up',
  defence: [
    {
      file: 'reconciler/daemon/control-socket.ts',
      take: 'if (end < 0 && text.length <= LONGEST_LINE) return;',
      leave: 'if (end < 0) return;',
    },
  ],
};

it(ATTACK.holds, async () => {
  const path = join(scratch(), 'control.sock');
  const asked: unknown[] = [];
  const server = await serveControlSocket(path, async (request) => asked.push(request));
  const socket = createConnection(path).on('error', () => undefined);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(`{ "command": "${'x'.repeat(3 * 1024 * 1024)}`);
  socket.end('" }\n');
  socket.resume();
  await closed;
  server.close();
  expect(asked).toEqual([]);
});
