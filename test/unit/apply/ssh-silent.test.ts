import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { connectSsh } from '../../../reconciler/apply/ssh.ts';
import { newKey } from '../audit/account-lab.ts';

it('a guest that takes connections and says nothing is given up in time, and ends nothing but the attempt', async () => {
  const root = mkdtempSync(join(tmpdir(), 'boxreeve-ssh-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const silent = createServer((socket) => socket.resume().once('close', end));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    silent.close();
  });
  const address = silent.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  const { key } = await newKey(root, 'user');
  const target = { host: '127.0.0.1', port, user: 'vagrant', identityFiles: [key], hostKey: null };
  await expect(connectSsh(target, 300)).rejects.toThrow('Timed out');
  // what is thrown where nobody catches it, when the socket's end is told, vitest reports
  await ended;
});
