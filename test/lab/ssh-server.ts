/** A real sshd on a port of its own, as a self-hosted Git server has one: a forced command for each key. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { startSshd } from './sshd.ts';

export type SshServer = {
  /** `ssh://user@127.0.0.1:port` */
  readonly url: string;
  readonly port: number;
  /** Its own key, `ssh-ed25519 AAAA…`. */
  readonly hostKey: string;
  /** Its sshd_config. */
  readonly config: string;
  /** GIT_SSH_COMMAND of someone with this private key. */
  clientWith(key: string): string;
  stop(): Promise<void>;
};

/**
 * @param authorized lines of authorized_keys
 * @param address where it listens
 * @param settings more lines of sshd_config, after ours
 */
export async function startSshServer(
  root: string,
  authorized: readonly string[],
  address = '127.0.0.1',
  settings = '',
): Promise<SshServer> {
  const folder = mkdtempSync(join(root, 'sshd-'));
  const file = (name: string) => join(folder, name);
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file('host_key')]);
  writeFileSync(file('authorized_keys'), `${authorized.join('\n')}\n`, { mode: 0o600 });
  const port = await freePort();
  const config = {
    ListenAddress: `${address}:${port}`,
    HostKey: file('host_key'),
    PidFile: 'none',
    AuthorizedKeysFile: file('authorized_keys'),
    // the lab's folder is in /tmp, which others may write to
    StrictModes: 'no',
    PermitRootLogin: 'yes',
    PasswordAuthentication: 'no',
    KbdInteractiveAuthentication: 'no',
    UsePAM: 'no',
    // as the sshd_config of every system has it
    Subsystem: 'sftp internal-sftp',
  };
  const lines = Object.entries(config).map(([name, value]) => `${name} ${value}\n`);
  writeFileSync(file('sshd_config'), lines.join('') + settings);
  const stop = await startSshd(file('sshd_config'));
  return {
    url: `ssh://${userInfo().username}@127.0.0.1:${port}`,
    port,
    config: file('sshd_config'),
    hostKey: readFileSync(file('host_key.pub'), 'utf8').split(' ').slice(0, 2).join(' '),
    clientWith: (key) =>
      `ssh -F none -i ${key} -oIdentitiesOnly=yes -oStrictHostKeyChecking=no -oUserKnownHostsFile=/dev/null -oBatchMode=yes -oLogLevel=ERROR`,
    stop,
  };
}

/** One that the system picks; nothing else takes it in the moment between. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port could be had');
  return address.port;
}
