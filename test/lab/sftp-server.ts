/**
 * The sshd with which a host of the lab serves its boxes to others, set up as `boxreeve init --sshd` says: SFTP and nothing else,
 * read-only, with the folder as its `/boxes`. Its sessions run as a user who owns nothing on this machine.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { sshdSettings } from '../../reconciler/boxes/peers/sshd-settings.ts';
import { startSshd } from './sshd.ts';

export type SftpServer = {
  readonly port: number;
  /** Who clients log in as. */
  readonly user: string;
  /** Its own key, `ssh-ed25519 AAAA…`. */
  readonly hostKey: string;
  /** Its `/boxes`, on this machine: owned by root, and readable by everybody. */
  readonly folder: string;
  /** Lets these in, and nobody else: lines of authorized_keys. Counts from the next login on. */
  authorize(lines: readonly string[]): void;
  /** Its authorized_keys file, for who writes it himself. */
  readonly authorizedKeysFile: string;
  stop(): Promise<void>;
};

/** It has a namespace, and with it all of its ports, to itself. */
const PORT = 2222;
/** It may log in by key where sshd asks no PAM: its password is not locked, only impossible. */
const USER = 'nobody';
/** Its root. sshd wants one that only root can change, all the way up, and labs lie in /tmp: so the folder is mounted in here. */
const ROOT = '/mnt';

/**
 * @param at a folder for its own files
 * @param folder what it serves
 * @param enter words that put a program into the host's namespace
 */
export async function startSftpServer(
  at: string,
  folder: string,
  enter: readonly string[],
): Promise<SftpServer> {
  const file = (name: string) => join(at, name);
  await mkdir(folder, { recursive: true, mode: 0o755 });
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', file('host_key')]);
  const authorize = (lines: readonly string[]) =>
    writeFileSync(file('authorized_keys'), lines.map((line) => `${line}\n`).join(''), { mode: 0o600 });
  authorize([]);
  writeFileSync(file('sshd_config'), settings(file, folder));
  const mounted = [...enter, join(import.meta.dirname, 'serve-mounted.sh'), folder, ROOT];
  const stop = await startSshd(file('sshd_config'), mounted);
  return {
    port: PORT,
    user: USER,
    hostKey: readFileSync(file('host_key.pub'), 'utf8').split(' ').slice(0, 2).join(' ').trim(),
    folder,
    authorize,
    authorizedKeysFile: file('authorized_keys'),
    stop,
  };
}

/** What `boxreeve init --sshd` prints, below what every sshd_config has. */
function settings(file: (name: string) => string, folder: string): string {
  const config = {
    Port: PORT,
    HostKey: file('host_key'),
    PidFile: 'none',
    UsePAM: 'no',
    Subsystem: 'sftp internal-sftp',
    // several hosts come at once, and none is turned away for being new
    MaxStartups: '100',
  };
  const lines = Object.entries(config).map(([name, value]) => `${name} ${value}\n`);
  const serving = sshdSettings({
    platform: 'linux',
    user: USER,
    keys: file('authorized_keys'),
    keysUser: 'root',
    boxesDir: folder,
    jail: { path: ROOT, folder: '/boxes', by: 'mount' },
  });
  return lines.join('') + serving;
}
