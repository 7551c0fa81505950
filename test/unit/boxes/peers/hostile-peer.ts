/** An SSH server that does not do what a server does. It ends with the test. */

import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import ssh2, { type SFTPWrapper } from 'ssh2';
import { onTestFinished } from 'vitest';
import type { Peer } from '../../../../reconciler/boxes/peers/peer.ts';
import { newKey } from '../../audit/account-lab.ts';

/** Bits of a file's mode. */
export const REGULAR = 0o100644;

export type Manners = {
  /** null: no answer. */
  readonly size: number | null;
  /** null: no answer. @param length bytes that were asked for */
  readonly give: (length: number) => Buffer | null;
};

export type HostilePeer = {
  readonly peer: Peer;
  /** Private key that is let in. */
  readonly key: string;
  /** Bytes that were given so far. */
  readonly given: () => number;
};

/** @param root folder for keys */
export async function startHostilePeer(root: string, manners: Manners): Promise<HostilePeer> {
  const [host, user] = await Promise.all([newKey(root, 'hostile-host'), newKey(root, 'hostile-user')]);
  let given = 0;
  const server = new ssh2.Server({ hostKeys: [readFileSync(host.key)] }, (client) => {
    client.on('error', () => undefined);
    client.on('authentication', (context) => context.accept());
    client.on('session', (accept) => {
      accept().on('sftp', (acceptSftp) =>
        serve(acceptSftp(), manners, (bytes) => {
          given += bytes;
        }),
      );
    });
  });
  const front = createServer((socket) => server.injectSocket(socket));
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    front.close();
  });
  const address: AddressInfo | string | null = front.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  const hostKey = host.publicKey.split(' ').slice(0, 2).join(' ');
  return {
    peer: { name: 'builder2', address: '127.0.0.1', port, user: 'peer', hostKey, folder: '/boxes' },
    key: user.key,
    given: () => given,
  };
}

function serve(sftp: SFTPWrapper, { size, give }: Manners, count: (bytes: number) => void): void {
  const about = (id: number) => {
    if (size !== null) sftp.attrs(id, { mode: REGULAR, size, uid: 0, gid: 0, atime: 0, mtime: 0 });
  };
  sftp.on('error', () => undefined);
  sftp.on('LSTAT', about);
  sftp.on('FSTAT', about);
  sftp.on('OPEN', (id) => sftp.handle(id, Buffer.from('h')));
  sftp.on('CLOSE', (id) => sftp.status(id, 0));
  sftp.on('READ', (id, _handle, _at, length) => {
    const bytes = give(length);
    if (bytes === null) return;
    count(bytes.length);
    sftp.data(id, bytes);
  });
}
