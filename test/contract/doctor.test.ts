/** What `boxreeve doctor` finds on hosts whose sshd is, and is not, as `boxreeve init --sshd` says. All real: sshd, users, files. */
import { chmodSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import type { Peer } from '../../reconciler/boxes/peers/peer.ts';
import { loadHostConfig } from '../../reconciler/daemon/load-host-config.ts';
import { examineHost } from '../../reconciler/doctor/checks.ts';
import type { Finding } from '../../reconciler/doctor/finding.ts';
import { stateDirLayout } from '../../reconciler/state-dir.ts';
import { checkDocument } from '../lab/check-document.ts';
import { type PeerHost, startPeerHost } from '../lab/peer-host.ts';
import { type SshServer, startSshServer } from '../lab/ssh-server.ts';
import { newKey } from '../unit/audit/account-lab.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'reconciler', 'cli', 'main.ts');
const BOX = `${'ef'.repeat(32)}.box`;

let host: PeerHost;
beforeAll(async () => {
  host = await startPeerHost();
});
afterAll(() => host.stop());
beforeEach(() => writeFileSync(join(host.boxesDir, BOX), 'what is in a box'));

async function examine(peer: Peer | null, server: SshServer = host.server): Promise<readonly Finding[]> {
  const config = await loadHostConfig(host.config);
  const dirs = stateDirLayout(config.stateDir, config.boxesDir);
  const own = peer === null ? ({ state: 'none' } as const) : ({ state: 'peer', peer } as const);
  return examineHost({ config, dirs, own, sshd: ['/usr/sbin/sshd', '-f', server.config] });
}

const statesOf = (findings: readonly Finding[]) => findings.map(({ check, state }) => `${check} ${state}`);
const badIn = (findings: readonly Finding[]) => findings.filter(({ state }) => state === 'bad');

it('a host whose sshd is as `init --sshd` says is found good in all', async () => {
  expect(statesOf(await examine(host.peer))).toEqual([
    'boxes-folder good',
    'boxes-room good',
    'peer good',
    'peer-user good',
    'peer-settings good',
    'peer-reads good',
    'peer-refuses good',
  ]);
  expect(readdirSync(host.boxesDir)).toEqual([BOX]);
});

it('a host without a box yet is found good as well', async () => {
  rmSync(join(host.boxesDir, BOX));
  expect(badIn(await examine(host.peer))).toEqual([]);
});

it('nothing is asked of sshd on a host that is no peer', async () => {
  expect(statesOf(await examine(null))).toEqual(['boxes-folder good', 'boxes-room good', 'peer good']);
});

it('an sshd that lets in with everything is found out, and nothing is left behind', async () => {
  const user = userInfo().username;
  const { stdout } = await execa('ssh-keygen', ['-y', '-f', host.key]);
  const open = await startSshServer(host.root, [stdout]);
  onTestFinished(open.stop);
  const peer = { ...host.peer, port: open.port, hostKey: open.hostKey, user, folder: host.boxesDir };
  const bad = badIn(await examine(peer, open));
  expect(bad.map(({ check, says }) => `${check}: ${says}`)).toEqual([
    'peer-user: root is root',
    expect.stringMatching(/^peer-settings: .*permittty yes/),
    'peer-refuses: root can write a file',
    'peer-refuses: root can run a command',
    'peer-refuses: root can connect onwards from here',
    'peer-refuses: root can listen on a port here',
  ]);
  expect(bad.every(({ mend }) => mend?.includes('boxreeve init --sshd'))).toBe(true);
  expect(readdirSync(host.boxesDir)).toEqual([BOX]);
});

it('another host key than the one in Git is named, to be put there', async () => {
  const { publicKey } = await newKey(host.root, 'other');
  const [bad] = badIn(await examine({ ...host.peer, hostKey: publicKey }));
  expect(bad).toMatchObject({
    check: 'peer-reads',
    mend: expect.stringContaining(`hostKey: ${host.server.hostKey}`),
  });
});

it('a user that is not there, and one that sees another folder, are found', async () => {
  const nobody = badIn(await examine({ ...host.peer, user: 'boxreeve-nobody-at-all' }));
  expect(nobody.map(({ says }) => says)).toContain('there is no user boxreeve-nobody-at-all');
  const lost = badIn(await examine({ ...host.peer, folder: '/elsewhere' }));
  expect(lost.map(({ means }) => means)).toEqual(['nobody sees another folder than that of the boxes']);
});

it('a folder of boxes that others cannot read is found, with the command that mends it', async () => {
  chmodSync(host.boxesDir, 0o700);
  onTestFinished(() => chmodSync(host.boxesDir, 0o755));
  const [bad] = badIn(await examine(host.peer));
  expect(bad).toMatchObject({ check: 'boxes-folder', mend: `chmod 0755 ${host.boxesDir}` });
});

it('a host whose key the fleet has not got is told that it is not let in', async () => {
  host.admit([]);
  const config = await execa('ssh-keygen', ['-y', '-f', host.key]);
  onTestFinished(() => host.admit([config.stdout]));
  const bad = badIn(await examine(host.peer));
  expect(bad.map(({ says }) => says)).toEqual([
    expect.stringContaining('does not let this host in as nobody'),
  ]);
});

it('the command prints a document as its schema says, and exits with 1 if something is bad', async () => {
  const doctor = (...more: readonly string[]) =>
    execa(process.execPath, [MAIN, 'doctor', '--config', host.config, ...more], { reject: false });
  const fine = await doctor('--json');
  checkDocument(['doctor'], JSON.parse(fine.stdout));
  expect([fine.exitCode, JSON.parse(fine.stdout).healthy]).toEqual([0, true]);
  const other = join(host.root, 'other.yaml');
  writeFileSync(
    other,
    `name: b\nrepo: r\nsigningKey: ${host.key}\nstateDir: ${host.root}/state\nboxesDir: /nowhere\n`,
  );
  const bad = await execa(process.execPath, [MAIN, 'doctor', '--config', other], { reject: false });
  expect(bad.exitCode).toBe(1);
  expect(bad.stdout).toContain('BAD  boxes-folder  /nowhere cannot be seen (ENOENT)');
  expect(bad.stdout).toContain('mend: install -d -m 0755 /nowhere');
});

it('`init` without `--sshd` says that enrolment is not in this version, and where it is written down', async () => {
  const { exitCode, stderr } = await execa(process.execPath, [MAIN, 'init'], { reject: false });
  expect(exitCode).toBe(3);
  expect(stderr).toContain('docs/how-to/add-a-host.md');
});
