/**
 * A connection to another host's sshd, for reading files by their path. The server is one by its pinned host key, and no other is
 * talked to; it may still be hostile: whatever it answers is bounded, and it has so long to answer at all.
 *
 * ssh2 is loaded when it is first needed: an idle daemon does without.
 */
import { readFile } from 'node:fs/promises';
import type { Client, SFTPWrapper, Stats } from 'ssh2';
import { SECOND } from '../../clock.ts';
import { SourceMissed } from '../sources/source.ts';
import type { Peer } from './peer.ts';

export type PeerConnection = {
  /** Bytes of the regular file there; null: there is none of that name. Rejects with SourceMissed for a link, a pipe and the like. */
  size(path: string): Promise<number | null>;
  /** null: there is none. */
  open(path: string): Promise<PeerFile | null>;
  /** Called when it breaks, or is ended, at once if it has. */
  onEnd(listener: () => void): void;
  end(): void;
};

export type PeerFile = {
  /** Bytes. */
  readonly size: number;
  /** At most that many bytes; fewer where the server gave fewer, none at its end. */
  read(at: number, length: number): Promise<Uint8Array>;
  close(): void;
};

/** In milliseconds. */
export type PeerLimits = {
  /** Until the other side has let us in. */
  readonly connect: number;
  /** For one answer. */
  readonly answer: number;
};

export const PEER_LIMITS: PeerLimits = { connect: 20 * SECOND, answer: 60 * SECOND };

const NO_SUCH_FILE = 2;

/** @param key private key of this host, a file. Rejects with SourceMissed. */
export async function connectPeer(peer: Peer, key: string, limits = PEER_LIMITS): Promise<PeerConnection> {
  const client = await connectClient(peer, key, limits);
  const line = lineOf(client);
  try {
    const sftp = await answered<SFTPWrapper>(line, limits, (take) => client.sftp(take));
    return connectionOver(line, sftp, limits);
  } catch (error) {
    line.end();
    throw error;
  }
}

/** Another host key than the one that is pinned was shown: whoever that is, is not talked to. */
export class OtherHostKey extends SourceMissed {
  /** `ssh-ed25519 AAAA…` */
  readonly shown: string;
  constructor({ name, address, port }: Peer, shown: string) {
    super(
      `${address}:${port} shows another host key than \`peer.hostKey\` of hosts/${name}.yaml: it is not talked to. If ${name} was set ` +
        'up anew, `boxreeve doctor` there says what to put into its file; if not, something stands between',
    );
    this.shown = shown;
  }
}

/** The connection as ssh2 has it, let in. Rejects with SourceMissed; `destroy` it afterwards. */
export async function connectClient(peer: Peer, key: string, limits = PEER_LIMITS): Promise<Client> {
  const privateKey = await readFile(key).catch((error: Error) => {
    throw new SourceMissed(`this host's own key ${key} cannot be read: ${error.message}`);
  });
  const { default: ssh2 } = await import('ssh2');
  const [type = '', encoded = ''] = peer.hostKey.split(' ');
  const pinned = Buffer.from(encoded, 'base64');
  const client = new ssh2.Client();
  let other: string | null = null;
  try {
    await new Promise<void>((resolve, reject) => {
      client
        .once('ready', resolve)
        // for good: an error that nobody listens for ends this process, and a connection that is ended has one more
        .on('error', reject)
        .once('close', () => reject(new Error('it closed the connection')))
        .connect({
          host: peer.address,
          port: peer.port,
          username: peer.user,
          privateKey,
          readyTimeout: limits.connect,
          keepaliveInterval: 15 * SECOND,
          // a server that has several keys is asked for the one that is pinned
          algorithms: { serverHostKey: { append: [], prepend: signaturesOf(type), remove: [] } },
          hostVerifier: (shown: Buffer) => {
            other = shown.equals(pinned) ? null : `${type} ${shown.toString('base64')}`;
            return other === null;
          },
        });
    });
  } catch (error) {
    client.destroy();
    throw other === null ? new SourceMissed(whyNotIn(peer, error)) : new OtherHostKey(peer, other);
  }
  return client;
}

function whyNotIn({ name, user, address, port }: Peer, error: unknown): string {
  if (error instanceof Error && 'level' in error && error.level === 'client-authentication')
    return `${name} does not let this host in as ${user}: it follows another commit yet, or its sshd is not set up; \`boxreeve doctor\` there says`;
  return `${address}:${port} cannot be reached: ${error instanceof Error ? error.message : String(error)}`;
}

/** What a key of that type signs with: an RSA key has several, of which SHA-1 is none. */
function signaturesOf(type: string): ServerHostKeys {
  switch (type) {
    case 'ssh-rsa':
      return ['rsa-sha2-512', 'rsa-sha2-256'];
    case 'ecdsa-sha2-nistp256':
    case 'ecdsa-sha2-nistp384':
    case 'ecdsa-sha2-nistp521':
      return [type];
    default:
      return ['ssh-ed25519'];
  }
}

type ServerHostKeys = (
  | 'rsa-sha2-512'
  | 'rsa-sha2-256'
  | 'ssh-ed25519'
  | 'ecdsa-sha2-nistp256'
  | 'ecdsa-sha2-nistp384'
  | 'ecdsa-sha2-nistp521'
)[];

/** A connection that ends once, for all who use it, from whichever side. */
type Line = {
  /** Called when it ends, at once if it has. Returns how to listen no more. */
  onEnd(listener: () => void): () => void;
  end(): void;
};

function lineOf(client: Client): Line {
  const listeners = new Set<() => void>();
  let ended = false;
  const end = () => {
    ended = true;
    client.destroy();
    for (const listener of listeners) listener();
    listeners.clear();
  };
  client.once('close', end);
  return {
    onEnd: (listener) => {
      if (ended) listener();
      else listeners.add(listener);
      return () => listeners.delete(listener);
    },
    end,
  };
}

function connectionOver(line: Line, sftp: SFTPWrapper, limits: PeerLimits): PeerConnection {
  // what is no SFTP at all ends the connection; without a listener, also this process
  sftp.on('error', line.end);

  const ask = <T>(question: (take: Take<T>) => void) => answered(line, limits, question);

  async function size(path: string): Promise<number | null> {
    // not where a link leads to: what is no file itself is not opened, as opening a pipe may never return
    const about = await ask<Stats>((take) => sftp.lstat(path, take)).catch(nullIfMissing);
    return about === null ? null : sizeOfFile(path, about);
  }

  async function open(path: string): Promise<PeerFile | null> {
    if ((await size(path)) === null) return null;
    const handle = await ask<Buffer>((take) => sftp.open(path, 'r', take)).catch(nullIfMissing);
    if (handle === null) return null;
    const close = () => {
      sftp.close(handle, () => undefined);
    };
    try {
      // of what was opened, which may have another name by now
      const bytes = sizeOfFile(path, await ask<Stats>((take) => sftp.fstat(handle, take)));
      return { size: bytes, read: (at, length) => read(handle, at, length), close };
    } catch (error) {
      close();
      throw error;
    }
  }

  async function read(handle: Buffer, at: number, length: number): Promise<Uint8Array> {
    const into = Buffer.alloc(length);
    return into.subarray(0, await ask<number>((take) => sftp.read(handle, into, 0, length, at, take)));
  }

  return { size, open, onEnd: line.onEnd, end: line.end };
}

type Take<T> = (error: Error | null | undefined, answer: T) => void;

/** The answer to one question; rejects when it does not come in time, or the connection breaks. Who is late is left. */
async function answered<T>(line: Line, limits: PeerLimits, question: (take: Take<T>) => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let forget = () => {};
  try {
    return await new Promise<T>((resolve, reject) => {
      timer = setTimeout(() => {
        reject(new SourceMissed(`did not answer within ${limits.answer / SECOND} s`));
        line.end();
      }, limits.answer);
      forget = line.onEnd(() => reject(new SourceMissed('the connection broke')));
      question((error, answer) => (error ? reject(error) : resolve(answer)));
    });
  } finally {
    clearTimeout(timer);
    forget();
  }
}

function nullIfMissing(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === NO_SUCH_FILE) return null;
  throw error;
}

function sizeOfFile(path: string, about: Stats): number {
  if (about.isFile() && Number.isSafeInteger(about.size) && about.size >= 0) return about.size;
  throw new SourceMissed(`${path} there is not a file`);
}
