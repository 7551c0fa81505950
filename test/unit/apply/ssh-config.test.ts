import { expect, test } from 'vitest';
import { parseSshConfig } from '../../../reconciler/apply/ssh-config.ts';

const CONFIG = `Host default
  HostName 10.0.3.17
  User vagrant
  Port 2222
  IdentityFile "/var/lib/my guests/private_key"
  IdentityFile /root/.vagrant.d/insecure_private_key
`;

test('what vagrant ssh-config prints says where to connect to, and with which keys', () => {
  expect(parseSshConfig(CONFIG)).toEqual({
    host: '10.0.3.17',
    port: 2222,
    user: 'vagrant',
    identityFiles: ['/var/lib/my guests/private_key', '/root/.vagrant.d/insecure_private_key'],
    hostKey: null,
  });
});

test.each([CONFIG.replace('10.0.3.17', '""'), CONFIG.replace('2222', '70000'), 'Host default\n', ''])(
  'without a host, a user or a port that is one there is nowhere to connect to: %j',
  (output) => {
    expect(parseSshConfig(output)).toBeNull();
  },
);

test('a line of very many blanks is read once', () => {
  // gone through once for each blank, this would take hours
  expect(parseSshConfig(`${CONFIG}  Comment a${' '.repeat(2_000_000)}b\n`)?.user).toBe('vagrant');
});
