/** A host of the fleet from which others read box files, as its own YAML says: by its sshd and SFTP, and nothing else. */
import type { Host } from '../../desired/generated/host.ts';
import { keyItself } from '../../desired/public-key.ts';

export type Peer = {
  /** Name of the host. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Of its sshd, `ssh-ed25519 AAAA…` without a comment: a server with another one is not talked to. */
  readonly hostKey: string;
  /** Folder of box files, as that user sees it. */
  readonly folder: string;
};

/** A peer, and what it is chosen by. */
export type KnownPeer = Peer & { readonly labels: readonly string[] };

/** The schema's defaults, which the validator does not fill in. */
export const PEER_PORT = 22;
export const PEER_USER = 'boxreeve-peer';
export const PEER_FOLDER = '/boxes';

/** null: nobody fetches boxes from this host. */
export function peerOf({ name, peer }: Pick<Host, 'name' | 'peer'>): Peer | null {
  if (peer === undefined) return null;
  return {
    name,
    address: peer.address,
    port: peer.port ?? PEER_PORT,
    user: peer.user ?? PEER_USER,
    hostKey: keyItself(peer.hostKey),
    folder: (peer.folder ?? PEER_FOLDER).replace(/(?<=.)\/+$/, ''),
  };
}

/** The same as it is written into a host's YAML, what is as usual left out. */
export function peerBlock({ address, port, user, hostKey, folder }: Peer): string {
  const lines = [
    `address: ${plainOrQuoted(address)}`,
    ...(port === PEER_PORT ? [] : [`port: ${port}`]),
    ...(user === PEER_USER ? [] : [`user: ${plainOrQuoted(user)}`]),
    `hostKey: ${hostKey}`,
    ...(folder === PEER_FOLDER ? [] : [`folder: ${plainOrQuoted(folder)}`]),
  ];
  return `peer:\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

/** `1.20` and `no` would be a number and false. */
function plainOrQuoted(text: string): string {
  return /^[a-z][a-z0-9-]*(\.[a-z0-9-]+)+$/.test(text) ? text : JSON.stringify(text);
}
