/**
 * What this host's own sshd and system are told, so that other hosts can read box files here and do nothing else. Pure.
 *
 * 1. The user sees one folder: sshd locks it in (`ChrootDirectory`), and nothing there is its own.
 * 2. It gets SFTP that sshd does itself, and of that only what reading a file by its name takes: no shell, no listing, no writing.
 * 3. No terminal, forwarding, tunnel or agent: said one by one, as `DisableForwarding` alone did not hold in every version.
 * 4. Keys come from one program, `cat`, run as the user whose file they are: so the file can lie in the private state folder, and
 *    belong to a reconciler that is not root, which `AuthorizedKeysFile` would refuse.
 */
import { InvalidHostConfig } from '../../errors.ts';

export type Serving = {
  readonly platform: 'linux' | 'darwin';
  readonly user: string;
  /** File of the keys that are let in, and whose it is. */
  readonly keys: string;
  readonly keysUser: string;
  readonly boxesDir: string;
  readonly jail: Jail;
};

/** What the user sees as `/`. Each folder on its way must be root's, and writable by nobody else: sshd insists. */
export type Jail = {
  readonly path: string;
  /** Folder of box files in it, as the user sees it. */
  readonly folder: string;
  /** Whether box files lie there by themselves, or their folder is mounted there. */
  readonly by: 'place' | 'mount';
};

/** Requests of SFTP that are answered; `limits` is what clients ask first. */
const REQUESTS = 'open,close,read,fstat,stat,lstat,realpath,limits';

/** For a file of its own in `/etc/ssh/sshd_config.d/`, or the end of `sshd_config`. Throws InvalidHostConfig for a path sshd cannot be told. */
export function sshdSettings({ user, keys, keysUser, jail }: Serving): string {
  const settings = [
    'AuthenticationMethods publickey',
    'PubkeyAuthentication yes',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'AuthorizedKeysFile none',
    `AuthorizedKeysCommand /bin/cat ${word(keys)}`,
    `AuthorizedKeysCommandUser ${keysUser}`,
    'AuthorizedPrincipalsFile none',
    'TrustedUserCAKeys none',
    `ChrootDirectory ${word(jail.path)}`,
    `ForceCommand internal-sftp -R -d ${word(jail.folder)} -p ${REQUESTS}`,
    'DisableForwarding yes',
    'AllowTcpForwarding no',
    'AllowStreamLocalForwarding no',
    'AllowAgentForwarding no',
    'X11Forwarding no',
    'GatewayPorts no',
    'PermitOpen none',
    'PermitListen none',
    'PermitTunnel no',
    'PermitTTY no',
    'PermitUserRC no',
    'MaxSessions 4',
    'ClientAliveInterval 30',
    'ClientAliveCountMax 4',
  ];
  return [
    '# Boxreeve: the other hosts of the fleet read box files here, and do nothing else. Printed by `boxreeve init --sshd`.',
    `Match User ${user}`,
    ...settings.map((setting) => `    ${setting}`),
    'Match all',
    '',
  ].join('\n');
}

/** Name of the file that the settings are put in. */
export const SETTINGS_FILE = '/etc/ssh/sshd_config.d/boxreeve-peer.conf';

/** Commands for a shell of root, in order, that make the user and what it sees. */
export function setUpCommands(serving: Serving): readonly string[] {
  const { platform, jail, boxesDir } = serving;
  const makeUser = platform === 'darwin' ? userOnMac(serving.user) : userOnLinux(serving.user);
  const folders = [jail.path, ...(jail.by === 'mount' ? [`${jail.path}${jail.folder}`] : [])];
  return [
    ...makeUser,
    `install -d -m 0755 ${folders.map(shellWord).join(' ')}`,
    ...(jail.by === 'mount'
      ? [
          // not `echo`, which in some shells reads what follows a backslash
          `printf '%s\\n' ${shellWord(mountLine(boxesDir, jail))} >> /etc/fstab`,
          `mount ${shellWord(`${jail.path}${jail.folder}`)}`,
        ]
      : []),
  ];
}

/** Once the settings are in their file. */
export function takeUpCommands({ platform }: Serving): readonly string[] {
  // on a Mac, launchd starts an sshd for each connection
  return platform === 'darwin'
    ? ['sshd -t']
    : ['sshd -t', 'systemctl reload ssh || systemctl reload sshd', 'boxreeve doctor'];
}

/** `*` is no password that could be typed, and unlike `!` does not lock the account, which sshd without PAM would refuse. */
function userOnLinux(user: string): readonly string[] {
  return [
    `useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin --password '*' ${user}`,
  ];
}

/** Hidden from the login window; in the group of Remote Login, where that is limited to a group. The password is nobody's to know. */
function userOnMac(user: string): readonly string[] {
  return [
    `sysadminctl -addUser ${user} -fullName 'Boxreeve peers' -shell /usr/bin/false -home /var/empty -password "$(openssl rand -base64 24)"`,
    `dscl . -create /Users/${user} IsHidden 1`,
    `dseditgroup -o edit -a ${user} -t user com.apple.access_ssh || true`,
  ];
}

/** A line of fstab, where a space is `\040`. `nofail`: without the boxes a host still boots. */
function mountLine(boxesDir: string, { path, folder }: Jail): string {
  const field = (text: string) => text.replaceAll('\\', '\\134').replaceAll(' ', '\\040');
  return `${field(boxesDir)} ${field(`${path}${folder}`)} none bind,ro,nosuid,nodev,noexec,nofail 0 0`;
}

/** A word of sshd_config that is only its characters: `%` begins a token there, and nothing can be said for a quote in quotes. */
function word(path: string): string {
  if (/["\\\p{Cc}]/u.test(path))
    throw new InvalidHostConfig(
      `sshd cannot be told of ${JSON.stringify(path)}: choose a path without quotes and backslashes for stateDir and boxesDir`,
    );
  const text = path.replaceAll('%', '%%');
  return /^[\w./+@%:=-]+$/.test(text) ? text : `"${text}"`;
}

/** A word of a shell that is only its characters. */
export function shellWord(text: string): string {
  return /^[\w./+@:=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
