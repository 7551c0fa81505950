/** Who answers on a port: no SSH, or SSH with which host key. Nothing is said to what does not speak SSH first, and nobody logs in. */
import { connect } from 'node:net';
import type { ConnectConfig } from 'ssh2';
import { hostKeyDigest } from '../apply/ssh.ts';

export type Offered =
  | { readonly state: 'no-ssh' }
  /** SHA-256 of the host key, base64 without padding. */
  | { readonly state: 'ssh'; readonly hostKey: string }
  | { readonly state: 'unknown'; readonly why: string };

/** For the first line, and again for the key exchange, in milliseconds. A server of SSH speaks at once (RFC 4253, 4.2). */
const LIMIT = 3000;
/** More before the first line of SSH is no SSH, in bytes. */
const MOST_GREETING = 8 * 1024;

export async function offeredKey(host: string, port: number): Promise<Offered> {
  try {
    if (!(await speaksSsh(host, port))) return { state: 'no-ssh' };
    return { state: 'ssh', hostKey: await hostKeyAt({ host, port, readyTimeout: LIMIT }) };
  } catch (error) {
    return { state: 'unknown', why: error instanceof Error ? error.message : String(error) };
  }
}

/** Nobody answers, as at a socket that was closed meanwhile. */
const NOBODY = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'EPIPE',
]);

function speaksSsh(host: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    let said = '';
    const socket = connect({ host, port });
    const end = (speaks: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(speaks);
    };
    const timer = setTimeout(() => end(false), LIMIT);
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      said += chunk;
      if (/^SSH-/m.test(said)) end(true);
      else if (said.length > MOST_GREETING) end(false);
    });
    socket.on('close', () => end(false));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === undefined || !NOBODY.has(error.code)) reject(error);
      end(false);
    });
  });
}

/** The key exchange alone: the key is refused as soon as it is known. Rejects if none came. */
async function hostKeyAt(where: Pick<ConnectConfig, 'host' | 'port' | 'readyTimeout'>): Promise<string> {
  const { default: ssh2 } = await import('ssh2');
  const client = new ssh2.Client();
  let hostKey = '';
  await new Promise<void>((resolve, reject) => {
    client
      .on('error', reject)
      .once('close', () => resolve())
      .connect({
        ...where,
        username: 'nobody',
        hostVerifier: (key: Buffer) => {
          hostKey = hostKeyDigest(key);
          return false;
        },
      });
  }).catch((error: unknown) => {
    if (hostKey === '') throw error;
  });
  client.destroy();
  if (hostKey === '') throw new Error('it closed the connection before it showed its host key');
  return hostKey;
}
