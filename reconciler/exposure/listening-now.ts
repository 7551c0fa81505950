/** Asks the system for the host's listening sockets. */
import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { beyondLoopback, type Listener, parseNetstat, parseProcNet } from './listeners.ts';

const NETSTAT = '/usr/sbin/netstat';
/** For netstat, in milliseconds. */
const LIMIT = 10_000;

/** Every TCP socket of this host, of whichever user, that is bound beyond loopback. Throws if that cannot be told. */
export async function listeningBeyondLoopback(): Promise<readonly Listener[]> {
  switch (process.platform) {
    case 'linux':
      return beyondLoopback(await fromProc());
    case 'darwin':
      return beyondLoopback(await fromNetstat());
    default:
      throw new Error(`nobody knows how to ask ${process.platform} for its listening sockets`);
  }
}

async function fromProc(): Promise<readonly Listener[]> {
  const tables = await Promise.all([
    readFile('/proc/net/tcp', 'utf8'),
    // a kernel without IPv6 has no such file
    readFile('/proc/net/tcp6', 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    }),
  ]);
  return tables.flatMap(parseProcNet);
}

/** Not lsof: that shows a user other than root the sockets of his own processes alone. */
async function fromNetstat(): Promise<readonly Listener[]> {
  const { execa } = await import('execa');
  const { exitCode, stdout, stderr } = await execa(NETSTAT, ['-anlW', '-p', 'tcp'], {
    reject: false,
    stdin: 'ignore',
    timeout: LIMIT,
  });
  if (exitCode === 0) return parseNetstat(stdout);
  throw new Error(`${NETSTAT} ended with ${exitCode ?? 'a signal'}: ${stderr.trim()}`);
}

/**
 * Where such a socket is connected to. One that is bound to every address is asked at one of the host's own, since another
 * process may hold the same port of loopback alone.
 */
export function reachableAt({ address }: Listener, interfaces = networkInterfaces()): string {
  const own = Object.entries(interfaces).flatMap(([name, each]) =>
    (each ?? []).map((one) => ({ name, ...one })),
  );
  if (address !== '0.0.0.0' && address !== '::') {
    // Linux does not say of which interface a link-local address is, and without it nothing can be connected to
    const scope = own.find((one) => one.scopeid && one.address === address)?.name;
    return scope === undefined ? address : `${address}%${scope}`;
  }
  const usable = own.filter(({ scopeid }) => !scopeid);
  // where IPv6 is switched off, a socket of `::` takes IPv4 all the same
  for (const family of address === '::' ? ['IPv6', 'IPv4'] : ['IPv4']) {
    const found = usable.filter((one) => one.family === family);
    const best = found.find(({ internal }) => !internal) ?? found[0];
    if (best !== undefined) return best.address;
  }
  return '127.0.0.1';
}
