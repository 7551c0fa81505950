/**
 * `sftp://user@host:port/path`; `/~/` at the beginning of the path is the user's home folder. The host key must be in known_hosts, and a
 * key of this host or its agent gets in: there is nobody to ask.
 */
import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { keepConnection } from './kept-connection.ts';
import { knownKeys } from './known-hosts.ts';
import { readAhead } from './read-ahead.ts';
import { connectSftp, SFTP_LIMITS, type SftpConnection, type SftpServer } from './sftp-connection.ts';
import { type Resume, type Source, type SourceBody, SourceMissed } from './source.ts';

/** How this host gets in. */
export type SshIdentity = {
  /** Private key, a file; null: the agent's keys. */
  readonly key: string | null;
  /** Host keys that are known, a file. */
  readonly knownHosts: string;
};

/** Connects when it is first opened, and keeps the connection. Throws SourceMissed for what is no such address. */
export function sftpSource(address: string, identity: SshIdentity, limits = SFTP_LIMITS): Source {
  const place = placeOf(address);
  const { ask, close } = keepConnection(async () => connectSftp(await serverAt(place, identity), limits));
  const open = (resume: Resume, signal: AbortSignal) =>
    ask(signal, (there) => openFile(there, place.path, resume, signal));
  return { address, open, close };
}

async function openFile(
  there: SftpConnection,
  path: string,
  resume: Resume,
  signal: AbortSignal,
): Promise<SourceBody> {
  const file = await there.open(path);
  if (file === null) throw new SourceMissed('there is no such file');
  const validator = `${file.size} ${file.mtime}`;
  const isSame = resume.validator === null || resume.validator === validator;
  const from = isSame && resume.from <= file.size ? resume.from : 0;
  const to = Math.min(resume.to ?? file.size, file.size);
  return { from, size: file.size, validator, chunks: readAhead(file, from, to, signal), close: file.close };
}

type Place = { readonly host: string; readonly port: number; readonly user: string; readonly path: string };

function placeOf(address: string): Place {
  const url = URL.parse(address);
  const path = url === null ? null : decoded(url.pathname);
  const user = url === null ? null : decoded(url.username);
  if (url === null || path === null || user === null || url.hostname === '' || path === '/' || path === '')
    throw new SourceMissed('is no address of a file: write sftp://user@host/path');
  if (url.password !== '') throw new SourceMissed('has a password in it, which is not supported');
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 22 : Number(url.port),
    user: user === '' ? userInfo().username : user,
    path: path.startsWith('/~/') ? path.slice('/~/'.length) : path,
  };
}

/** null: `%` is used as it may not be. */
function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

async function serverAt({ host, port, user }: Place, identity: SshIdentity): Promise<SftpServer> {
  const { knownHosts, key } = identity;
  const hostKeys = await hostKeysOf(host, port, knownHosts);
  const whose = key === null ? 'no key of the agent' : `not the key ${key}`;
  return {
    host,
    port,
    user,
    hostKeys,
    login: await loginWith(key),
    links: 'followed',
    advice: {
      otherKey: `${host}:${port} shows another host key than ${knownHosts} has for it: it is not talked to. If it was set up anew, take the old one out (ssh-keygen -R) and put the new one in; if not, something stands between`,
      notLetIn: `${host}:${port} lets ${user} in with ${whose}: put its public half into that user's authorized_keys`,
    },
  };
}

async function hostKeysOf(host: string, port: number, knownHosts: string): Promise<readonly Buffer[]> {
  const text = await readFile(knownHosts, 'utf8').catch((error: Error) => {
    throw new SourceMissed(`the known host keys cannot be read: ${error.message}`);
  });
  const { keys, revoked, byAuthority } = knownKeys(text, host, port);
  const hostKeys = keys.filter((key) => !revoked.some((other) => other.equals(key)));
  if (hostKeys.length > 0) return hostKeys;
  if (keys.length > 0) {
    throw new SourceMissed(
      `${knownHosts} says that the key of ${host}:${port} is revoked: it is not talked to`,
    );
  }
  const server = port === 22 ? host : `-p ${port} ${host}`;
  const why = byAuthority
    ? `only an authority for ${host}, and certificates are not gone by: add the host's own key`
    : `no key of ${host}:${port}: add what \`ssh-keyscan ${server}\` prints, once you have compared it with the server's own`;
  throw new SourceMissed(`${knownHosts} has ${why}`);
}

async function loginWith(key: string | null): Promise<SftpServer['login']> {
  if (key !== null) {
    const privateKey = await readFile(key).catch((error: Error) => {
      throw new SourceMissed(`the key ${key} cannot be read: ${error.message}`);
    });
    const { default: ssh2 } = await import('ssh2');
    const parsed = ssh2.utils.parseKey(privateKey);
    if (!(parsed instanceof Error)) return { privateKey };
    throw new SourceMissed(
      `the key ${key} cannot be used: ${parsed.message}. It must be a private key without a passphrase`,
    );
  }
  const agent = process.env.SSH_AUTH_SOCK ?? '';
  if (agent !== '') return { agent };
  throw new SourceMissed(
    'there is no key to get in with: name one as sftp.key in host.yaml, or run an agent',
  );
}
