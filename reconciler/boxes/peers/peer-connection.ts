/** A connection to the sshd of another host of the fleet, by the host key that Git has, and with this host's own key. */
import { readFile } from 'node:fs/promises';
import {
  connectSftp,
  SFTP_LIMITS,
  type SftpConnection,
  type SftpServer,
} from '../sources/sftp-connection.ts';
import { SourceMissed } from '../sources/source.ts';
import type { Peer } from './peer.ts';

/** @param key private key of this host, a file. Rejects with SourceMissed. */
export async function connectPeer(peer: Peer, key: string, limits = SFTP_LIMITS): Promise<SftpConnection> {
  return connectSftp(await serverOf(peer, key), limits);
}

/** Rejects with SourceMissed where this host's own key cannot be read. */
export async function serverOf(peer: Peer, key: string): Promise<SftpServer> {
  const { name, address, port, user } = peer;
  const privateKey = await readFile(key).catch((error: Error) => {
    throw new SourceMissed(`this host's own key ${key} cannot be read: ${error.message}`);
  });
  return {
    host: address,
    port,
    user,
    hostKeys: [Buffer.from(peer.hostKey.split(' ')[1] ?? '', 'base64')],
    login: { privateKey },
    links: 'refused',
    advice: {
      otherKey:
        `${address}:${port} shows another host key than \`peer.hostKey\` of hosts/${name}.yaml: it is not talked to. If ${name} was ` +
        'set up anew, `boxreeve doctor` there says what to put into its file; if not, something stands between',
      notLetIn: `${name} does not let this host in as ${user}: it follows another commit yet, or its sshd is not set up; \`boxreeve doctor\` there says`,
    },
  };
}
