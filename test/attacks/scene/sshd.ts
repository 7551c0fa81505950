/** A real OpenSSH server in place of a guest, with a host key of its own. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import type { SshTarget } from '../../../reconciler/observed/memory.ts';
import { newKey } from '../../unit/audit/account-lab.ts';
import { scratch } from './scene.ts';
import { closedPort } from './server.ts';

export type Sshd = { readonly target: SshTarget };

/**
 * It ends with the test.
 *
 * @param address where it listens
 * @param pinned the target names its host key, as after a first connection
 */
export async function startSshd({ address = '127.0.0.1', pinned = false } = {}): Promise<Sshd> {
  const root = scratch();
  const [host, user] = [await newKey(root, 'host'), await newKey(root, 'user')];
  const port = await closedPort();
  const config = join(root, 'sshd_config');
  writeFileSync(join(root, 'authorized_keys'), `${user.publicKey}\n`, { mode: 0o600 });
  const settings = {
    Port: port,
    ListenAddress: address,
    HostKey: host.key,
    AuthorizedKeysFile: join(root, 'authorized_keys'),
    StrictModes: 'no',
    PidFile: 'none',
    UsePAM: 'no',
    PasswordAuthentication: 'no',
  };
  writeFileSync(
    config,
    Object.entries(settings)
      .map(([name, value]) => `${name} ${value}\n`)
      .join(''),
  );
  const log = join(root, 'log');
  const server = spawn(sshd(), ['-D', '-f', config, '-E', log], { stdio: 'ignore' });
  onTestFinished(() => void server.kill());
  await untilItListens(port, () => {
    if (server.exitCode !== null) throw new Error(`sshd ended: ${readFileSync(log, 'utf8')}`);
  });
  const { username } = userInfo();
  const [, encoded = ''] = host.publicKey.split(' ');
  const hostKey = pinned ? digestOf(Buffer.from(encoded, 'base64')) : null;
  return { target: { host: '127.0.0.1', port, user: username, identityFiles: [user.key], hostKey } };
}

/** As OpenSSH shows it. */
function digestOf(key: Buffer): string {
  return createHash('sha256').update(key).digest('base64').replace(/=+$/, '');
}

/** OpenSSH wants its whole path. */
function sshd(): string {
  const found = ['/usr/sbin/sshd', '/usr/local/sbin/sshd', '/usr/bin/sshd'].find(existsSync);
  if (found === undefined) throw new Error('there is no sshd: install OpenSSH');
  return found;
}

async function untilItListens(port: number, assertAlive: () => void): Promise<void> {
  while (!(await listens(port))) {
    assertAlive();
    await wait(20);
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1', () => socket.destroy());
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  });
}
