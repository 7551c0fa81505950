/** A real sshd on a port of its own, as a self-hosted Git server has one: a forced command for each key. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { waitFor } from './wait-for.ts';

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
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const child = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', file('sshd_config')], { stdio: 'pipe' });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await waitFor('sshd that listens', () => {
    if (child.exitCode !== null) throw new Error(`sshd ended: ${said}`);
    return said.includes('Server listening');
  });
  return {
    url: `ssh://${userInfo().username}@127.0.0.1:${port}`,
    port,
    config: file('sshd_config'),
    hostKey: readFileSync(file('host_key.pub'), 'utf8').split(' ').slice(0, 2).join(' '),
    clientWith: (key) =>
      `ssh -F none -i ${key} -oIdentitiesOnly=yes -oStrictHostKeyChecking=no -oUserKnownHostsFile=/dev/null -oBatchMode=yes -oLogLevel=ERROR`,
    stop: () => ended(child),
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

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  await new Promise((resolve) => {
    child.once('exit', resolve);
    child.kill('SIGTERM');
  });
}
