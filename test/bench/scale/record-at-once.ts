/**
 * `record-N`: N hosts record in one moment, each with the real audit log in a repository of its own, over a real server. All of
 * them share this machine's processors, and so do the alternatives.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { newestRecords } from '../../../reconciler/audit/newest-records.ts';
import { localRef } from '../../../reconciler/audit/paths.ts';
import { newInfraRepo } from '../../lab/infra-repo.ts';
import { someDraft } from '../../unit/audit/account-lab.ts';
import { median, type Result } from '../measure.ts';
import { aFleet, countLost, type Member } from './fleet.ts';
import { type Counts, httpServer, type Server, sshServer } from './servers.ts';
import { measureSharedBranch, type SharedBranch } from './shared-branch.ts';

const ROUNDS = 3;
/**
 * So many commit to the shared branch, and all of them are taken to need as many times as long as there are more of them. That is in
 * favour of the shared branch: the more hosts there are, the more often each is too late.
 */
const MOST_SHARED = 64;
/** It is given up once it has taken so many times as long as ours: what is asked is whether it takes ten times. */
const GIVEN_UP_AT = 10.5;
const MOST_TO_BARE = 1.5;
const MOST_PUSHES = 1.05;
const LEAST_FASTER = 10;

/** Over SSH; what smart HTTP takes is beside it. */
export async function recordAtOnce(hosts: number): Promise<Result> {
  const root = mkdtempSync(join(tmpdir(), 'boxreeve-bench-scale-'));
  try {
    const http = await withServer(join(root, 'http'), (_, folder) => httpServer(folder), hosts, false);
    const ssh = await withServer(
      join(root, 'ssh'),
      (own, folder) => sshServer(own, folder, hosts),
      hosts,
      true,
    );
    return resultOf(hosts, ssh, http);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

type Rounds = {
  /** Medians of the rounds, in milliseconds: records made and pushed; pushes alone; bare `git push` of as many refs. */
  readonly recorded: number;
  readonly pushed: number;
  readonly bare: number;
  /** On the server, while records were pushed. */
  readonly counted: readonly Counts[];
};

type Measured = Rounds & {
  readonly lost: number;
  /** While one reader fetched the newest record of every host. */
  readonly read: Counts;
  readonly shared: Shared | null;
};

/** `took` is for all hosts; `of` so many that were tried, `arrived` have their commit there. */
type Shared = SharedBranch & { readonly of: number };

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
    const fleet = await aFleet(root, server.url, hosts);
    const ours = await measureRounds(fleet, server, desired);
    const lost = await countLost(fleet, repo.url);
    const read = await readAll(root, fleet, server);
    const shared = withShared ? await measureShared(root, server, hosts, ours.recorded) : null;
    return { ...ours, lost, read, shared };
  } finally {
    process.env.PATH = path;
    await server.stop();
  }
}

async function measureShared(root: string, server: Server, hosts: number, recorded: number): Promise<Shared> {
  const some = Math.min(hosts, MOST_SHARED);
  const times = hosts / some;
  const { took, arrived } = await measureSharedBranch(server, root, some, (GIVEN_UP_AT * recorded) / times);
  return { took: took * times, of: some, arrived };
}

/** Ours and bare pushes in turn, so that whatever else goes on meets both. */
async function measureRounds(fleet: readonly Member[], server: Server, desired: string): Promise<Rounds> {
  // the first record looks for a chain to go on with, and makes the branch: that is not what a day is full of
  await Promise.all(fleet.map(({ log }) => log.append(someDraft(desired))));
  await Promise.all(fleet.map(({ log }) => log.push()));
  await pushBare(fleet, server);
  const recorded: number[] = [];
  const pushed: number[] = [];
  const bare: number[] = [];
  const counted: Counts[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    server.counts();
    const start = performance.now();
    await Promise.all(fleet.map(({ log }) => log.append(someDraft(desired))));
    const appended = performance.now();
    await Promise.all(fleet.map(({ log }) => log.push()));
    const end = performance.now();
    recorded.push(end - start);
    pushed.push(end - appended);
    counted.push(server.counts());
    bare.push(await pushBare(fleet, server));
  }
  return { recorded: median(recorded), pushed: median(pushed), bare: median(bare), counted };
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

/** As a host of a roll-out does that has asked nobody yet. */
async function readAll(root: string, fleet: readonly Member[], server: Server): Promise<Counts> {
  server.counts();
  const branches = new Map(fleet.map(({ name }) => [name, `audit/${name}`]));
  let read = 0;
  for await (const { bytes } of newestRecords(join(root, 'words.git'), server.url, branches))
    if (bytes !== null) read += 1;
  if (read !== fleet.length) throw new Error(`${read} of ${fleet.length} records could be read`);
  return server.counts();
}

function resultOf(hosts: number, ssh: Measured, http: Measured): Result {
  const shared = ssh.shared ?? { took: Number.NaN, of: 0, arrived: 0 };
  const toBare = Math.max(ssh.pushed / ssh.bare, http.pushed / http.bare);
  const lost = ssh.lost + http.lost;
  const records = ROUNDS * hosts;
  const pushesPerRecord =
    Math.max(...[ssh, http].map(({ counted }) => sum(counted, ({ pushes }) => pushes))) / records;
  const scaled = shared.of < hosts ? `, ${shared.of} of them scaled up` : '';
  const gaveUp = shared.arrived < shared.of ? `, given up with ${shared.arrived} of ${shared.of} done` : '';
  const fast = ssh.recorded * LEAST_FASTER <= shared.took;
  return {
    name: `record-${hosts}`,
    ratio: ssh.recorded / shared.took,
    ours: ssh.recorded,
    theirs: shared.took,
    unit: 'ms',
    what: `${hosts} hosts record at once over SSH, median of ${ROUNDS}; commits on one branch with pull --rebase${scaled}${gaveUp}`,
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
      serverCpuMsPerPush: sum(ssh.counted, ({ cpu }) => cpu?.pushing) / records,
      kBSentPerPush: sum(http.counted, ({ bytes }) => bytes?.received) / records / 1000,
      kBToldPerPush: sum(http.counted, ({ bytes }) => bytes?.sent) / records / 1000,
      kBPerRecordRead: (http.read.bytes?.sent ?? Number.NaN) / hosts / 1000,
      serverCpuMsPerRecordRead: (ssh.read.cpu?.reading ?? Number.NaN) / hosts,
    },
  };
}

function sum(counted: readonly Counts[], of: (counts: Counts) => number | undefined): number {
  return counted.reduce((total, counts) => total + (of(counts) ?? Number.NaN), 0);
}
