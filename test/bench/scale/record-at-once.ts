/**
 * `record-N`: N hosts record in one moment, each with the real audit log in a repository of its own, over a real server. All of
 * them share this machine's processors, and so do the alternatives.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { openAuditLog } from '../../../reconciler/audit/audit-log.ts';
import { localRef } from '../../../reconciler/audit/paths.ts';
import type { AuditLog } from '../../../reconciler/audit/record.ts';
import { openReserve } from '../../../reconciler/audit/reserve.ts';
import { openMirror } from '../../../reconciler/git/mirror.ts';
import { newInfraRepo } from '../../lab/infra-repo.ts';
import { newKey, someDraft } from '../../unit/audit/account-lab.ts';
import { median, type Result } from '../measure.ts';
import { httpServer, type Server, sshServer } from './servers.ts';
import { measureSharedBranch } from './shared-branch.ts';

const ROUNDS = 3;
/** The shared branch is given up once it has taken so many times as long as ours: what is asked is whether it takes ten times. */
const GIVEN_UP_AT = 10.5;
const MOST_TO_BARE = 1.5;
const MOST_PUSHES = 1.05;
const LEAST_FASTER = 10;

/** Over SSH; what smart HTTP takes is beside it. */
export async function recordAtOnce(hosts: number): Promise<Result> {
  const root = mkdtempSync(join(tmpdir(), 'boxreeve-bench-scale-'));
  try {
    const overHttp = await withServer(join(root, 'http'), (_, folder) => httpServer(folder), hosts, false);
    const overSsh = await withServer(
      join(root, 'ssh'),
      (own, folder) => sshServer(own, folder, hosts),
      hosts,
      true,
    );
    return resultOf(hosts, overSsh, overHttp);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

type Measured = {
  /** Medians of the rounds, in milliseconds: records made and pushed; pushes alone; bare `git push` of as many refs. */
  readonly recorded: number;
  readonly pushed: number;
  readonly bare: number;
  readonly lost: number;
  readonly pushesPerRecord: number;
  readonly serverCpuMs: number | null;
  readonly shared: { readonly took: number; readonly arrived: number } | null;
};

async function withServer(
  root: string,
  start: (root: string, folder: string) => Promise<Server>,
  hosts: number,
  withShared: boolean,
): Promise<Measured> {
  const folder = join(root, 'srv');
  mkdirSync(folder, { recursive: true });
  const repo = await newInfraRepo(folder);
  repo.write('desired-state/fleet.yaml', 'kind: Fleet\n');
  const desired = await repo.merge('Declare the fleet (#7)');
  await repo.remoteGit('branch', 'shared', 'main');
  await repo.remoteGit('config', 'http.receivepack', 'true');
  const server = await start(root, folder);
  const path = process.env.PATH;
  Object.assign(process.env, server.env);
  try {
    const fleet = await aFleet(root, server, hosts);
    const ours = await measureRounds(fleet, server, desired);
    const lost = await countLost(fleet, repo.url);
    const limit = GIVEN_UP_AT * ours.recorded;
    const shared = withShared ? await measureSharedBranch(server, root, hosts, limit) : null;
    return { ...ours, lost, shared };
  } finally {
    process.env.PATH = path;
    await server.stop();
  }
}

type Member = { readonly name: string; readonly gitDir: string; readonly log: AuditLog };

/** Hosts that have fetched: one does, and the others get its repository as a copy. */
async function aFleet(root: string, server: Server, hosts: number): Promise<readonly Member[]> {
  const { key, publicKey } = await newKey(root, 'hosts');
  const template = join(root, 'mirror.git');
  const log = { info: () => undefined, debug: () => undefined };
  const watched = { remote: server.url, branch: 'main', path: 'desired-state' };
  const mirror = await openMirror({ gitDir: template, ...watched, log, alone: true });
  await mirror.fetch();
  return Array.from({ length: hosts }, (_, index) => {
    const name = `builder${index + 1}`;
    const gitDir = join(root, `${name}.git`);
    cpSync(template, gitDir, { recursive: true });
    const audit = openAuditLog({
      gitDir,
      host: name,
      signingKey: key,
      publicKey,
      branch: () => `audit/${name}`,
      witness: () => ({}),
      reserve: openReserve(join(root, 'reserve')),
    });
    return { name, gitDir, log: audit };
  });
}

/** Ours and bare pushes in turn, so that whatever else goes on meets both. */
async function measureRounds(fleet: readonly Member[], server: Server, desired: string) {
  // the first record looks for a chain to go on with, and makes the branch: that is not what a day is full of
  await Promise.all(fleet.map(({ log }) => log.append(someDraft(desired))));
  await Promise.all(fleet.map(({ log }) => log.push()));
  await pushBare(fleet, server);
  const recorded: number[] = [];
  const pushed: number[] = [];
  const bare: number[] = [];
  let pushes = 0;
  let cpuMs: number | null = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    server.counts();
    const start = performance.now();
    await Promise.all(fleet.map(({ log }) => log.append(someDraft(desired))));
    const appended = performance.now();
    await Promise.all(fleet.map(({ log }) => log.push()));
    const end = performance.now();
    recorded.push(end - start);
    pushed.push(end - appended);
    const counted = server.counts();
    pushes += counted.pushes;
    cpuMs = cpuMs === null || counted.cpuMs === null ? null : cpuMs + counted.cpuMs;
    bare.push(await pushBare(fleet, server));
  }
  return {
    recorded: median(recorded),
    pushed: median(pushed),
    bare: median(bare),
    pushesPerRecord: pushes / (ROUNDS * fleet.length),
    serverCpuMs: cpuMs === null ? null : cpuMs / pushes,
  };
}

/** What nobody can do without: the same commits to as many branches, by Git alone. Milliseconds. */
async function pushBare(fleet: readonly Member[], server: Server): Promise<number> {
  const start = performance.now();
  await Promise.all(
    fleet.map(({ name, gitDir }) => {
      const spec = `${localRef(name)}:refs/heads/bare/${name}`;
      return execa('git', [`--git-dir=${gitDir}`, 'push', '--quiet', server.url, spec]);
    }),
  );
  return performance.now() - start;
}

/** Records of a host that the server does not have, or not in their order. */
async function countLost(fleet: readonly Member[], remote: string): Promise<number> {
  const { stdout } = await execa('git', [
    `--git-dir=${remote}`,
    'for-each-ref',
    '--format=%(refname:lstrip=3) %(objectname)',
    'refs/heads/audit',
  ]);
  const there = new Map(
    stdout.split('\n').map((line) => {
      const [name = '', tip = ''] = line.split(' ');
      return [name, tip] as const;
    }),
  );
  let lost = 0;
  for (const { name, gitDir } of fleet) {
    const tip = there.get(name);
    const missing = await execa(
      'git',
      [
        `--git-dir=${gitDir}`,
        'rev-list',
        '--count',
        localRef(name),
        ...(tip === undefined ? [] : [`^${tip}`]),
      ],
      { reject: false },
    );
    lost += missing.exitCode === 0 ? Number(missing.stdout) : ROUNDS + 1;
  }
  return lost;
}

function resultOf(hosts: number, ssh: Measured, http: Measured): Result {
  const shared = ssh.shared ?? { took: Number.NaN, arrived: 0 };
  const toBare = Math.max(ssh.pushed / ssh.bare, http.pushed / http.bare);
  const lost = ssh.lost + http.lost;
  const pushesPerRecord = Math.max(ssh.pushesPerRecord, http.pushesPerRecord);
  const gaveUp = shared.arrived < hosts ? `, given up with ${shared.arrived} of ${hosts} done` : '';
  const fast = ssh.recorded * LEAST_FASTER <= shared.took;
  return {
    name: `record-${hosts}`,
    ratio: ssh.recorded / shared.took,
    ours: ssh.recorded,
    theirs: shared.took,
    unit: 'ms',
    what: `${hosts} hosts record at once over SSH, median of ${ROUNDS}; commits on one branch with pull --rebase${gaveUp}`,
    budget: `≤ 0.10, 0 lost, ≤ ${MOST_PUSHES} pushes a record, ≤ ${MOST_TO_BARE} of bare pushes`,
    withinBudget: fast && lost === 0 && pushesPerRecord <= MOST_PUSHES && toBare <= MOST_TO_BARE,
    also: {
      lost,
      pushesPerRecord,
      toBarePush: toBare,
      pushMs: ssh.pushed,
      barePushMs: ssh.bare,
      httpPushMs: http.pushed,
      httpBarePushMs: http.bare,
      sharedBranchArrived: shared.arrived,
      serverCpuMsPerPush: ssh.serverCpuMs ?? Number.NaN,
    },
  };
}
