/**
 * A connection to an sshd, for reading files by their path. The server is one by its host key, and no other is talked to; it may still
 * be hostile: whatever it answers is bounded, and it has so long to answer at all.
 *
 * ssh2 is loaded when it is first needed: an idle daemon does without.
 */
import type { Client, SFTPWrapper, Stats } from 'ssh2';
import { SECOND } from '../../clock.ts';
import { keyType } from './known-hosts.ts';
import { SourceMissed } from './source.ts';

export type SftpConnection = {
  /** Bytes of the regular file there; null: there is none of that name. Rejects with SourceMissed for a link, a pipe and the like. */
  size(path: string): Promise<number | null>;
  /** null: there is none. */
  open(path: string): Promise<SftpFile | null>;
  /** Called when it breaks, or is ended, at once if it has. */
  onEnd(listener: () => void): void;
  end(): void;
};

export type SftpFile = {
  /** Bytes. */
  readonly size: number;
  /** When it was last written, in seconds since the epoch, as the server says. */
  readonly mtime: number;
  /** At most that many bytes; fewer where the server gave fewer, none at its end. */
  read(at: number, length: number): Promise<Uint8Array>;
  close(): void;
};

/** In milliseconds. */
export type SftpLimits = {
  /** Until the other side has let us in. */
  readonly connect: number;
  /** For one answer. */
  readonly answer: number;
};

export const SFTP_LIMITS: SftpLimits = { connect: 20 * SECOND, answer: 60 * SECOND };

const NO_SUCH_FILE = 2;

export type SftpServer = {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** The keys that it may show, as SSH has them on the wire: with another it is not talked to. */
  readonly hostKeys: readonly Buffer[];
  readonly login: { readonly privateKey: Buffer } | { readonly agent: string };
  /** Whether a path may lead to a file by a symbolic link. */
  readonly links: 'followed' | 'refused';
  /** What a person is to do about it when it shows another key, and when it does not let us in. */
  readonly advice: { readonly otherKey: string; readonly notLetIn: string };
};

/** Rejects with SourceMissed. */
export async function connectSftp(server: SftpServer, limits = SFTP_LIMITS): Promise<SftpConnection> {
  const client = await connectClient(server, limits);
  const line = lineOf(client);
  try {
    const sftp = await answered<SFTPWrapper>(line, limits, (take) => client.sftp(take));
    return connectionOver(line, sftp, server.links, limits);
  } catch (error) {
    line.end();
    throw error;
  }
}

/** The server showed another host key than those it may show. */
export class OtherHostKey extends SourceMissed {
  /** As SSH has it on the wire. */
  readonly shown: Buffer;
  constructor(message: string, shown: Buffer) {
    super(message);
    this.shown = shown;
  }
}

/** The connection as ssh2 has it, once let in; whoever asks for it ends it. Rejects with SourceMissed. */
export async function connectClient(server: SftpServer, limits = SFTP_LIMITS): Promise<Client> {
  const { default: ssh2 } = await import('ssh2');
  const client = new ssh2.Client();
  let other: Buffer | null = null;
  try {
    await new Promise<void>((resolve, reject) => {
      client
        .once('ready', resolve)
        // for good: an error that nobody listens for ends this process, and a connection that is ended has one more
        .on('error', reject)
        .once('close', () => reject(new Error('it closed the connection')))
        .connect({
          host: server.host,
          port: server.port,
          username: server.user,
          ...server.login,
          readyTimeout: limits.connect,
          keepaliveInterval: 15 * SECOND,
          // a server that has several keys is asked for one of those that are known
          algorithms: {
            serverHostKey: { append: [], prepend: server.hostKeys.flatMap(signaturesOf), remove: [] },
          },
          hostVerifier: (shown: Buffer) => {
            other = server.hostKeys.some((key) => key.equals(shown)) ? null : Buffer.from(shown);
            return other === null;
          },
        });
    });
  } catch (error) {
    client.destroy();
    throw other === null
      ? new SourceMissed(whyNotIn(server, error))
      : new OtherHostKey(server.advice.otherKey, other);
  }
  return client;
}

function whyNotIn({ host, port, advice }: SftpServer, error: unknown): string {
  if (error instanceof Error && 'level' in error && error.level === 'client-authentication')
    return advice.notLetIn;
  return `${host}:${port} cannot be reached: ${error instanceof Error ? error.message : String(error)}`;
}

/** What a key signs with: an RSA key has several ways, of which SHA-1 is none. */
function signaturesOf(key: Buffer): ServerHostKeys {
  const type = keyType(key);
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

function connectionOver(
  line: Line,
  sftp: SFTPWrapper,
  links: SftpServer['links'],
  limits: SftpLimits,
): SftpConnection {
  // what is no SFTP at all ends the connection; without a listener, also this process
  sftp.on('error', line.end);

  const ask = <T>(question: (take: Take<T>) => void) => answered(line, limits, question);

  async function size(path: string): Promise<number | null> {
    // looked at before it is opened: opening a pipe may never return
    const look = (take: Take<Stats>) =>
      links === 'followed' ? sftp.stat(path, take) : sftp.lstat(path, take);
    const about = await ask<Stats>(look).catch(nullIfMissing);
    return about === null ? null : sizeOfFile(path, about);
  }

  async function open(path: string): Promise<SftpFile | null> {
    if ((await size(path)) === null) return null;
    const handle = await ask<Buffer>((take) => sftp.open(path, 'r', take)).catch(nullIfMissing);
    if (handle === null) return null;
    const close = () => {
      sftp.close(handle, () => undefined);
    };
    try {
      // of what was opened, which may have another name by now
      const about = await ask<Stats>((take) => sftp.fstat(handle, take));
      return {
        size: sizeOfFile(path, about),
        mtime: about.mtime,
        read: (at, length) => read(handle, at, length),
        close,
      };
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
async function answered<T>(line: Line, limits: SftpLimits, question: (take: Take<T>) => void): Promise<T> {
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
