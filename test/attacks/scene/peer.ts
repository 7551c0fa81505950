/**
 * Another host that boxes are read from, and a box with a chunk list. A real sshd, and its lines of authorized_keys as Boxreeve writes
 * them; the user it lets in is the one of the test, as locking one in takes root (test/lab/peer-host.ts).
 */
import { cpSync, mkdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { authorizedLine } from '../../../reconciler/boxes/peers/authorized-keys.ts';
import type { Peer } from '../../../reconciler/boxes/peers/peer.ts';
import { openPeer } from '../../../reconciler/boxes/peers/peer-source.ts';
import { startSshServer } from '../../lab/ssh-server.ts';
import { newKey } from '../../unit/audit/account-lab.ts';
import { type BoxLab, boxLab } from '../../unit/boxes/download/lab.ts';
import { scratch } from './scene.ts';

export type PeerScene = {
  readonly lab: BoxLab;
  /** The peer's folder of boxes. */
  readonly theirs: string;
  /** Puts the files of a folder there. */
  put(folder: string): void;
  /** The peers of a fetch: this one, as Git has it but for `more`. */
  peers(more?: Partial<Peer>): ReturnType<BoxLab['peers']>;
};

/** It ends with the test. */
export async function openPeerScene(content: Buffer): Promise<PeerScene> {
  const root = scratch();
  const [lab, { key, publicKey }] = await Promise.all([boxLab(content), newKey(root, 'asker')]);
  const server = await startSshServer(root, [authorizedLine(publicKey).trimEnd()]);
  onTestFinished(server.stop);
  const theirs = join(root, 'boxes');
  mkdirSync(theirs);
  const { port, hostKey } = server;
  const inGit = {
    name: 'builder1',
    address: '127.0.0.1',
    port,
    user: userInfo().username,
    hostKey,
    folder: theirs,
  };
  return {
    lab,
    theirs,
    put: (folder) => cpSync(folder, theirs, { recursive: true }),
    peers: (more = {}) => {
      const peer = openPeer({ ...inGit, ...more }, lab.sha256, key);
      onTestFinished(() => peer.close());
      return lab.peers(peer);
    },
  };
}
