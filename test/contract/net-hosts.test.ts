/** Hosts of the lab with a network each: what the tests and benchmarks of boxes between hosts stand on. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sweepAbandoned } from '../lab/housekeeping.ts';
import { type Lab, openLab } from '../lab/lab.ts';
import {
  addressOf,
  type NetHost,
  type NetLab,
  openNetHosts,
  scpArguments,
  sshOptions,
} from '../lab/net-hosts.ts';
import { waitFor } from '../lab/wait-for.ts';

const MIB = 1024 * 1024;
const RATE = 1.5 * MIB;
const FILE = randomBytes(6 * MIB);

let net: NetLab;
let seed: NetHost;
let other: NetHost;
beforeAll(async () => {
  net = await openNetHosts({ names: ['seed', 'other'], rate: RATE });
  seed = net.host('seed');
  other = net.host('other');
  writeFileSync(join(seed.sftp.folder, 'file'), FILE);
});
afterAll(async () => {
  await net.dispose();
});

describe('a link between two hosts', () => {
  it('takes no more than its cap, either way, and counts what goes over it', async () => {
    await other.cap(null);
    const upward = await copied();
    await other.cap(RATE);
    await seed.cap(null);
    const downward = await copied();
    await other.cap(null);
    const uncapped = await copied();
    // 4 s at the cap; the rest of a copy takes tenths
    expect(upward.milliseconds / uncapped.milliseconds).toBeGreaterThan(2);
    expect(downward.milliseconds / uncapped.milliseconds).toBeGreaterThan(2);
    expect(uncapped.bytes / FILE.length).toBeGreaterThan(1);
    expect(uncapped.bytes / FILE.length).toBeLessThan(1.1);
  });

  it('is all that a host has: it reaches nothing of this machine', async () => {
    const { stdout } = await other.run('ip', ['-brief', 'address']);
    expect(stdout.split('\n').map((line) => line.split(/[\s@]/)[0])).toEqual(['lo', 'eth0']);
    const beyond = await other.run('ip', ['route', 'get', '192.0.2.1']);
    expect(beyond.stderr).toMatch(/unreachable/);
  });
});

describe('the sshd of a host', () => {
  it('gives its files over SFTP', async () => {
    const target = join(other.folder, 'fetched');
    await other.run('scp', scpArguments(other, seed, 'file', target));
    expect(readFileSync(target).equals(FILE)).toBe(true);
  });

  it('refuses a shell', async () => {
    const ran = await other.run('ssh', [
      ...sshOptions(other),
      '-p',
      `${seed.sftp.port}`,
      addressOf(seed),
      'id',
    ]);
    expect(ran.exitCode).not.toBe(0);
    expect(ran.stdout).toBe('This service allows sftp connections only.');
  });

  it('refuses to write, also where its user might', async () => {
    mkdirSync(join(seed.sftp.folder, 'open'), { mode: 0o777 });
    await execa('chmod', ['0777', join(seed.sftp.folder, 'open')]);
    const ran = await sftp(`put ${other.key}.pub /boxes/open/mine`);
    expect(ran.stderr).toMatch(/Permission denied/);
    expect(readdirSync(join(seed.sftp.folder, 'open'))).toEqual([]);
  });

  it('shows nothing outside the folder', async () => {
    expect((await sftp('get /../../etc/passwd /dev/null')).stderr).toMatch(/not found/);
    expect((await sftp('get /../../boxes/file /dev/null')).stderr).not.toMatch(/not found/);
  });

  it('lets in only who is authorised at the moment', async () => {
    seed.sftp.authorize([seed.publicKey]);
    try {
      expect((await sftp('pwd')).stderr).toMatch(/Permission denied \(publickey\)/);
    } finally {
      seed.sftp.authorize([seed.publicKey, other.publicKey]);
    }
    expect((await sftp('pwd')).exitCode).toBe(0);
  });
});

describe('namespaces of a test that was killed', () => {
  it('are removed by the next lab, with all that ran in them', async () => {
    const module = fileURLToPath(new URL('../lab/net-hosts.ts', import.meta.url));
    const script = `const { openNetHosts } = await import(${JSON.stringify(module)});
      await openNetHosts({ names: ['left'], rate: null });
      console.log('open');
      setInterval(() => {}, 1000);`;
    const killed = execa(process.execPath, ['--input-type=module', '-e', script], { reject: false });
    await new Promise((resolve) => killed.stdout.once('data', resolve));
    const namespaces = () => readdirSync('/run/netns').filter((name) => name.includes(`-${killed.pid}-`));
    expect(namespaces()).toHaveLength(2);
    const [left = ''] = namespaces().filter((name) => name.endsWith('-left'));
    const { stdout: running } = await execa('ip', ['netns', 'pids', left]);
    killed.kill('SIGKILL');
    await killed;
    await sweepAbandoned();
    expect(namespaces()).toEqual([]);
    expect(running).not.toBe('');
    for (const pid of running.split('\n'))
      await waitFor(`the end of ${pid}`, () => !existsSync(`/proc/${pid}`));
  });
});

describe('real guests of hosts with a network each', () => {
  const labs: Lab[] = [];
  afterAll(async () => {
    for (const lab of labs) await lab.dispose();
  });

  it('do not meet, even at the same address', async () => {
    const address = '10.213.251.7';
    for (const host of [seed, other]) {
      const lab = await openLab(host.namespace);
      labs.push(lab);
      await lab.addBox(await lab.box({ label: `net-${host.name}` }), 'org/mini', '1.0.0');
      const init = `#!/bin/sh\nip address add ${address}/16 dev eth0\n`;
      const folder = await lab.project('guest', { box: 'org/mini', version: '1.0.0', init });
      await lab.succeed(['up'], { cwd: folder });
    }
    for (const [index, host] of [seed, other].entries()) {
      const key = join(labs[index]?.vagrantHome ?? '', 'insecure_private_key');
      const login = ['-F', 'none', '-i', key, '-oStrictHostKeyChecking=no', '-oUserKnownHostsFile=/dev/null'];
      const { stdout } = await host.run('ssh', [...login, `vagrant@${address}`, 'cat /etc/boxreeve-box']);
      expect(stdout).toBe(`net-${host.name}`);
    }
  });

  it('go away with their lab', async () => {
    for (const lab of labs) {
      expect(await lab.containers()).toHaveLength(1);
      await lab.dispose();
      expect(await lab.containers()).toEqual([]);
    }
  });
});

/** The whole file, from the seed to the other. */
async function copied(): Promise<{ milliseconds: number; bytes: number }> {
  const before = await other.traffic();
  const start = performance.now();
  const ran = await other.run('scp', scpArguments(other, seed, 'file', join(other.folder, 'copy')));
  expect(ran.stderr).toBe('');
  const milliseconds = performance.now() - start;
  return { milliseconds, bytes: (await other.traffic()).received - before.received };
}

/** One command of sftp's, from the other to the seed. */
async function sftp(command: string): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const batch = join(other.folder, 'batch');
  writeFileSync(batch, `${command}\n`);
  return await other.run('sftp', [
    '-b',
    batch,
    ...sshOptions(other),
    '-P',
    `${seed.sftp.port}`,
    addressOf(seed),
  ]);
}
