/** Who can get into a real guest: its SSH really forwarded, its key and password really open, and each of them really closed. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BOX, GOOD_INIT, writeBoxes, writeFleet, writeGuest, writeHost } from '../lab/desired-state.ts';
import { type Lab, openLab } from '../lab/lab.ts';
import { newScene, type Scene } from '../lab/scene.ts';

/** crypt(3) of `vagrant`: `openssl passwd -6 -salt boxreeve vagrant`. */
const HASH =
  '$6$boxreeve$E2o9jpkofS0cgdazL0eO76h39mBm4/GX5KUHYxcp6XCFEOqb5qOqKkay5jXvKsPcBeYgYq2GZzziHNN.Y1UGO/';

/** As most boxes come: whoever knows the user's name can log in. */
const OPEN_PASSWORD = `${GOOD_INIT}
sed -i 's|^vagrant:[^:]*:|vagrant:${HASH}:|' /etc/shadow
sed -i 's/^PasswordAuthentication no/PasswordAuthentication yes/' /etc/ssh/sshd_config
pkill -HUP -o -x sshd
`;

type Violation = { readonly guest: string; readonly kind: string; readonly detail: string };
type Shown = { readonly kind: string; readonly outcome: string; readonly violations?: readonly Violation[] };

let lab: Lab;
let scene: Scene;
let port: number;

beforeAll(async () => {
  lab = await openLab();
  const box = await lab.box({ label: 'e2e-exposure' });
  scene = await newScene(lab, { host: 'exposed1', secrets: { VSTS_TOKEN: 'canary-70efdf2ec9b0' } });
  port = await freePort();
  writeFleet(scene.repo, 'always', 'defaults: { checkIn: 1s }\n');
  writeHost(scene.repo, scene.host);
  writeBoxes(scene.repo, { '2022.2.17': box });
});
afterAll(async () => {
  await scene?.dispose();
  // ends the process that forwards its port as well
  await lab?.vagrant(['destroy', '-f'], {
    cwd: join(scene.host.stateDir, 'guests', 'azure-agent'),
    env: { VSTS_TOKEN: 'x', GUEST_NAME: 'x' },
  });
  await lab?.dispose();
});

describe('a guest like that of most boxes', () => {
  it('is reported: it lets in the key and the password that everybody knows', async () => {
    declare({ init: OPEN_PASSWORD });
    await scene.repo.merge('Declare a guest');
    const synced = await sync();
    expect(synced).toMatchObject({
      exitCode: 0,
      document: { violations: [{ refused: false }, { refused: false }] },
    });
    const record = await lastRecord();
    expect(record).toMatchObject({
      outcome: 'applied',
      violations: [
        {
          guest: 'azure-agent',
          kind: 'insecure-key',
          detail: expect.stringContaining('insecure_private_key'),
        },
        {
          guest: 'azure-agent',
          kind: 'password-login',
          detail: expect.stringContaining('password "vagrant"'),
        },
      ],
    });
    expect(await lastMessage()).toContain('VIOLATION insecure-key of azure-agent');
  });

  it('is unhealthy, and not rebuilt, once its key is refused', async () => {
    const before = await lab.containers();
    declare({ init: OPEN_PASSWORD, exposure: { 'insecure-key': 'refuse' } });
    await scene.repo.merge('Refuse the insecure key');
    const synced = await sync();
    expect(synced).toMatchObject({
      exitCode: 1,
      document: {
        actions: [],
        violations: [
          { kind: 'insecure-key', refused: true },
          { kind: 'password-login', refused: false },
        ],
      },
    });
    expect(await lastRecord()).toMatchObject({ kind: 'check-in', outcome: 'unhealthy' });
    expect(await lab.containers()).toEqual(before);
    const status = await scene.host.boxreeve('status');
    expect(status).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('insecure-key (REFUSED)') });
  });
});

describe('a guest that has keys of its own', () => {
  it('is gone back from when its SSH is forwarded beyond the host, which is refused', async () => {
    declare({ ownKey: true, forwardedFrom: '0.0.0.0', exposure: 'refuse' });
    await scene.repo.merge('Give the guest a key of its own');
    const synced = await sync();
    expect(synced).toMatchObject({
      exitCode: 1,
      document: {
        actions: [
          { kind: 'rebuild-guest', result: 'failed', error: expect.stringContaining(`0.0.0.0:${port}`) },
          { kind: 'create-guest', result: 'done' },
        ],
      },
    });
    const record = await lastRecord();
    expect(record.outcome).toBe('rolled-back');
    // of the new guest the forwarded port alone; what it went back to is as open as it was
    expect(record.violations?.map(({ kind }) => kind)).toEqual([
      'ssh-beyond-host',
      'insecure-key',
      'password-login',
    ]);
    expect(await lab.containers()).toHaveLength(1);
    expect(await sync()).toMatchObject({ exitCode: 1, document: { actions: [] } });
  });

  it('is accepted when its SSH is forwarded to the host alone', async () => {
    declare({ ownKey: true, forwardedFrom: '127.0.0.1', exposure: 'refuse' });
    await scene.repo.merge('Forward to loopback alone');
    const synced = await sync();
    expect(synced).toMatchObject({
      exitCode: 0,
      document: { actions: [{ result: 'done' }], violations: [] },
    });
    expect(await lastRecord()).toMatchObject({ outcome: 'applied', violations: [] });
  });
});

type GuestChange = {
  readonly init?: string;
  readonly exposure?: unknown;
  /** Vagrant gives it a key of its own, and takes the well-known one away. */
  readonly ownKey?: boolean;
  /** Address of the host from which its SSH is forwarded. */
  readonly forwardedFrom?: string;
};

function declare({ init = GOOD_INIT, exposure, ownKey, forwardedFrom }: GuestChange): void {
  writeGuest(scene.repo, {
    version: '2022.2.17',
    init,
    more: exposure === undefined ? {} : { exposure },
  });
  const forward = `config.vm.network "forwarded_port", guest: 22, host: ${port}, host_ip: "${forwardedFrom}", id: "extra"`;
  const lines = [
    'Vagrant.configure("2") do |config|',
    `  config.vm.box = "${BOX}"`,
    '  config.vm.boot_timeout = 60',
    '  config.vm.synced_folder ".", "/vagrant", disabled: true',
    ...(ownKey === true ? ['  config.ssh.insert_key = true'] : []),
    ...(forwardedFrom === undefined ? [] : [`  ${forward}`]),
    '  config.vm.provision "shell", path: "init.sh", args: [ENV["VSTS_TOKEN"], ENV["GUEST_NAME"]]',
    'end',
  ];
  scene.repo.write('desired-state/guests/azure-agent/Vagrantfile', `${lines.join('\n')}\n`);
}

function sync() {
  return scene.host.json('sync');
}

async function lastRecord(): Promise<Shown> {
  const { document } = await scene.host.json('audit', 'log', '--limit', '1');
  const [record] = JSON.parse(JSON.stringify(document)).records;
  return record;
}

function lastMessage(): Promise<string> {
  return scene.repo.remoteGit('log', '-1', '--format=%B', 'audit/exposed1');
}

/** A port that nobody listens on, on any address. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '0.0.0.0');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('there is no free port');
  return address.port;
}
