/** A real OpenSSH server in place of a guest, with a host key of its own. */
import { createHash } from 'node:crypto';
import { userInfo } from 'node:os';
import { onTestFinished } from 'vitest';
import type { SshTarget } from '../../../reconciler/observed/memory.ts';
import { startSshServer } from '../../lab/ssh-server.ts';
import { newKey } from '../../unit/audit/account-lab.ts';
import { scratch } from './scene.ts';

export type Sshd = { readonly target: SshTarget };

/**
 * It ends with the test.
 *
 * @param address where it listens
 * @param pinned the target names its host key, as after a first connection
 */
export async function startSshd({ address = '127.0.0.1', pinned = false } = {}): Promise<Sshd> {
  const root = scratch();
  const user = await newKey(root, 'user');
  const server = await startSshServer(root, [user.publicKey], address);
  onTestFinished(server.stop);
  const [, encoded = ''] = server.hostKey.split(' ');
  return {
    target: {
      host: '127.0.0.1',
      port: server.port,
      user: userInfo().username,
      identityFiles: [user.key],
      hostKey: pinned ? digestOf(Buffer.from(encoded, 'base64')) : null,
    },
  };
}

/** As OpenSSH shows it. */
function digestOf(key: Buffer): string {
  return createHash('sha256').update(key).digest('base64').replace(/=+$/, '');
}
