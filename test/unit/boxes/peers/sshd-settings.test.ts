import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { jailFor } from '../../../../reconciler/boxes/peers/jail.ts';
import { peerBlock, peerOf } from '../../../../reconciler/boxes/peers/peer.ts';
import {
  type Serving,
  setUpCommands,
  shellWord,
  sshdSettings,
} from '../../../../reconciler/boxes/peers/sshd-settings.ts';
import { checkSchema } from '../../../../reconciler/desired/check-schema.ts';
import { readYaml } from '../../../../reconciler/desired/read-yaml.ts';

const SERVING: Serving = {
  platform: 'linux',
  user: 'boxreeve-peer',
  keys: '/var/lib/boxreeve/peers/authorized_keys',
  keysUser: 'ci',
  boxesDir: '/var/lib/boxreeve/boxes',
  jail: { path: '/srv/boxreeve-peer', folder: '/boxes', by: 'mount' },
};

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGdpF4mXsz3wRD0T33J7nq6E2vUB8EoBWmXfp1Pjw4NY';

it('keys come from the private state folder, read by the user whose it is', () => {
  const settings = sshdSettings(SERVING);
  expect(settings).toContain(
    '    AuthorizedKeysCommand /bin/cat /var/lib/boxreeve/peers/authorized_keys\n    AuthorizedKeysCommandUser ci\n',
  );
});

it('a path with a blank stays one word, and a percent sign begins no token of sshd', () => {
  const settings = sshdSettings({ ...SERVING, keys: '/Volumes/CI disk/100%h/keys' });
  expect(settings).toContain('/bin/cat "/Volumes/CI disk/100%%h/keys"\n');
});

it.each(['/a"b', '/a\\b', '/a\nMatch all'])(
  'the path %j is refused, as sshd cannot be told of it',
  (keys) => {
    expect(() => sshdSettings({ ...SERVING, keys })).toThrow('choose a path');
  },
);

it('on Linux the folder of boxes is mounted into the one the user is locked into, read-only', () => {
  const commands = setUpCommands({ ...SERVING, boxesDir: '/data/my boxes' });
  expect(commands.at(-2)).toBe(
    "printf '%s\\n' '/data/my\\040boxes /srv/boxreeve-peer/boxes none bind,ro,nosuid,nodev,noexec,nofail 0 0' >> /etc/fstab",
  );
  expect(commands.at(-1)).toBe('mount /srv/boxreeve-peer/boxes');
});

it('on a Mac the user is hidden, and may come in by Remote Login', () => {
  const jail = { path: '/Library/Boxreeve/peer', folder: '/boxes', by: 'place' } as const;
  const commands = setUpCommands({ ...SERVING, platform: 'darwin', jail }).join('\n');
  expect(commands).toContain('sysadminctl -addUser boxreeve-peer');
  expect(commands).toContain('IsHidden 1');
  expect(commands).toContain('com.apple.access_ssh');
  expect(commands).not.toContain('mount');
});

it.each(["it's", 'a b', '$(x)', '`x`', 'a\nb', '~', ''])('%j is one word of a shell as it is', (text) => {
  const said = execFileSync('sh', ['-c', `printf %s ${shellWord(text)}`], { encoding: 'utf8' });
  expect(said).toBe(text);
});

it('what is printed for the repository is read back as the same peer', async () => {
  for (const peer of [
    { name: 'b', address: 'b.example.org', port: 22, user: 'boxreeve-peer', hostKey: KEY, folder: '/boxes' },
    { name: 'b', address: '10.0', port: 2222, user: 'no', hostKey: KEY, folder: '/Boxes: all' },
    { name: 'b', address: 'fe80::1%en0', port: 22, user: 'nobody', hostKey: KEY, folder: '/a/b' },
  ]) {
    const text = `kind: Host\nname: b\nauditKey: ${KEY}\nguests: []\n${peerBlock(peer)}`;
    const read = await readYaml(Buffer.from(text), 'b.yaml');
    if (!read.ok) throw new Error(JSON.stringify(read.complaints));
    const checked = await checkSchema('host', read.yaml);
    if (!checked.ok) throw new Error(JSON.stringify(checked.complaints));
    expect(peerOf(checked.data)).toEqual(peer);
  }
});

it('a folder that others may write to, or that is not root’s, is nothing to lock a user into', async () => {
  const root = mkdtempSync(join(tmpdir(), 'boxreeve-jail-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(join(root, 'boxes'));
  execFileSync('chmod', ['755', root]);
  await expect(jailFor({ boxesDir: join(root, 'boxes'), stateDir: '/state' }, 'darwin')).rejects.toThrow(
    "is not root's alone",
  );
  expect(await jailFor({ boxesDir: join(root, 'boxes'), stateDir: '/state' }, 'linux')).toMatchObject({
    by: 'mount',
  });
});
