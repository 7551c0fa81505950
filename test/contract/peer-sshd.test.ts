/** The settings that `boxreeve init --sshd` prints, as they are, in a real sshd, asked with OpenSSH's own clients. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { jailFor } from '../../reconciler/boxes/peers/jail.ts';
import { openPeer } from '../../reconciler/boxes/peers/peer-source.ts';
import { setUpCommands } from '../../reconciler/boxes/peers/sshd-settings.ts';
import { checkDocument } from '../lab/check-document.ts';
import { type PeerHost, startPeerHost } from '../lab/peer-host.ts';

let host: PeerHost;

beforeAll(async () => {
  host = await startPeerHost();
  writeFileSync(join(host.boxesDir, 'a.box'), 'what is in a box');
});

afterAll(() => host.stop());

const OPTIONS = [
  '-F',
  'none',
  '-oBatchMode=yes',
  '-oStrictHostKeyChecking=no',
  '-oUserKnownHostsFile=/dev/null',
  '-oLogLevel=ERROR',
];

/** A connection that only holds what was asked for would hang: it is ended then. */
function ssh(args: readonly string[], key = host.key) {
  const port = String(host.peer.port);
  return execa('ssh', [...OPTIONS, '-i', key, '-oIdentitiesOnly=yes', '-p', port, ...args], {
    reject: false,
    stdin: 'ignore',
    timeout: 20_000,
  });
}

/** One order of sftp. */
async function sftp(order: string, key = host.key) {
  return execa(
    'sftp',
    [
      ...OPTIONS,
      '-i',
      key,
      '-oIdentitiesOnly=yes',
      '-P',
      String(host.peer.port),
      '-b',
      '-',
      `${host.peer.user}@127.0.0.1`,
    ],
    { reject: false, input: `${order}\n`, timeout: 20_000 },
  );
}

const user = () => `${host.peer.user}@127.0.0.1`;

it('prints a document as its schema says', () => {
  checkDocument(['init'], host.printed);
});

it('a host of the fleet reads a box file, by its place in the folder', async () => {
  const here = join(host.root, 'got');
  expect((await sftp(`get /boxes/a.box ${here}`)).stderr).toBe('');
  expect(readFileSync(here, 'utf8')).toBe('what is in a box');
});

it('a key that the fleet does not have is not let in', async () => {
  const stranger = join(host.root, 'unused');
  expect((await sftp('pwd', stranger)).stderr).toContain('Permission denied');
});

it('nothing can be written, made, renamed, linked or removed', async () => {
  const mine = join(host.root, 'mine');
  writeFileSync(mine, 'mine');
  // as if the folder's modes were wrong
  execFileSync('chmod', ['777', host.boxesDir]);
  try {
    for (const order of [
      `put ${mine} /boxes/mine.box`,
      'mkdir /boxes/mine',
      'rename /boxes/a.box /boxes/b.box',
      'symlink /etc/passwd /boxes/passwd',
      'rm /boxes/a.box',
      'chmod 777 /boxes/a.box',
    ])
      expect((await sftp(order)).exitCode, order).not.toBe(0);
  } finally {
    execFileSync('chmod', ['755', host.boxesDir]);
  }
  expect(execFileSync('ls', [host.boxesDir], { encoding: 'utf8' })).toBe('a.box\n');
  expect(readFileSync(join(host.boxesDir, 'a.box'), 'utf8')).toBe('what is in a box');
});

it('the folder cannot be listed', async () => {
  expect((await sftp('ls /boxes')).exitCode).not.toBe(0);
});

it('nothing outside of the folder can be read, neither by its path nor by a link', async () => {
  mkdirSync(join(host.boxesDir, 'sub'));
  symlinkSync('/etc/hostname', join(host.boxesDir, 'link.box'));
  symlinkSync(join(host.root, 'host.yaml'), join(host.boxesDir, 'sub', 'up.box'));
  for (const path of ['/etc/hostname', '/boxes/../../host.yaml', '/boxes/link.box', '/boxes/sub/up.box']) {
    const here = join(host.root, 'out');
    expect((await sftp(`get ${path} ${here}`)).exitCode, path).not.toBe(0);
    expect(existsSync(here)).toBe(false);
  }
});

it('no command is run, whatever is asked for', async () => {
  const { stdout } = await ssh([user(), 'echo', 'it-ran-$((6*7))']);
  expect(stdout).not.toContain('it-ran-42');
  const terminal = await ssh(['-tt', user(), 'echo it-ran-$((6*7))']);
  expect(terminal.stdout).not.toContain('it-ran-42');
});

it('a connection leads nowhere else: nothing is forwarded in either direction', async () => {
  let reached = 0;
  const behind = createServer((socket) => {
    reached += 1;
    socket.end('secret of the network behind');
  });
  await new Promise<void>((resolve) => behind.listen(0, '127.0.0.1', resolve));
  const address = behind.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  try {
    const through = await ssh(['-W', `127.0.0.1:${port}`, user()]);
    expect(through.exitCode).not.toBe(0);
    expect([through.stdout, reached]).toEqual(['', 0]);
    const back = await ssh(['-N', '-oExitOnForwardFailure=yes', '-R', `0:127.0.0.1:${port}`, user()]);
    expect(back.stderr).toContain('remote port forwarding failed');
  } finally {
    behind.close();
  }
});

it('keys are let in that a reconciler wrote which is not root, in its private folder', async () => {
  const other = await startPeerHost('daemon');
  onTestFinished(other.stop);
  expect(other.printed.settings).toContain('AuthorizedKeysCommandUser daemon\n');
  const keys = join(other.root, 'state', 'peers', 'authorized_keys');
  execFileSync('chown', ['daemon', keys]);
  writeFileSync(join(other.boxesDir, 'a.box'), '');
  const source = openPeer(other.peer, 'a', other.key);
  onTestFinished(() => source.close());
  expect(await source.have(1, new AbortController().signal)).toBe('all');
});

it('the line of fstab that is printed mounts the folder of boxes read-only, whatever it is called', () => {
  const root = mkdtempSync('/var/lib/boxreeve-mount-');
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const [boxesDir, path, table] = ["it's a disk/boxes", 'jail', 'fstab'].map((name) => join(root, name));
  if (boxesDir === undefined || path === undefined || table === undefined) throw new Error('no paths');
  const jail = { path, folder: '/boxes', by: 'mount' } as const;
  const commands = setUpCommands({
    ...{ platform: 'linux', user: 'nobody', keys: '/keys', keysUser: 'root' },
    ...{ boxesDir, jail },
  });
  // all but the user and the mount itself, with another table than the system's
  for (const command of commands.slice(1, -1))
    execFileSync('sh', ['-c', command.replace('/etc/fstab', table)]);
  mkdirSync(boxesDir, { recursive: true });
  writeFileSync(join(boxesDir, 'a.box'), 'what is in a box');
  execFileSync('mount', ['-T', table, join(path, 'boxes')]);
  try {
    expect(readFileSync(join(path, 'boxes', 'a.box'), 'utf8')).toBe('what is in a box');
    expect(() => writeFileSync(join(path, 'boxes', 'a.box'), 'other')).toThrow('EROFS');
  } finally {
    execFileSync('umount', [join(path, 'boxes')]);
  }
});

it('a folder that holds more than boxes is not shown to other hosts', async () => {
  const root = mkdtempSync('/var/lib/boxreeve-jail-');
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(join(root, 'boxes'));
  execFileSync('chmod', ['755', root]);
  expect(await jailFor({ boxesDir: join(root, 'boxes'), stateDir: '/state' }, 'linux')).toEqual({
    path: root,
    folder: '/boxes',
    by: 'place',
  });
  writeFileSync(join(root, 'notes'), '');
  await expect(jailFor({ boxesDir: join(root, 'boxes'), stateDir: '/state' }, 'darwin')).rejects.toThrow(
    'it holds more than boxes (notes)',
  );
  execFileSync('chmod', ['700', root]);
  await expect(jailFor({ boxesDir: join(root, 'boxes'), stateDir: '/state' }, 'darwin')).rejects.toThrow(
    'other users cannot go into it',
  );
});

it('nobody is locked into the private state folder, though nothing is in it yet', async () => {
  const root = mkdtempSync('/var/lib/boxreeve-jail-');
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  execFileSync('chmod', ['755', root]);
  const within = { boxesDir: join(root, 'boxes'), stateDir: root };
  expect(await jailFor(within, 'linux')).toMatchObject({ path: '/srv/boxreeve-peer', by: 'mount' });
  await expect(jailFor(within, 'darwin')).rejects.toThrow('the private state folder is there');
});
