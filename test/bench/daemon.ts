/** Group `daemon`: what an idle host costs, how fast it answers, how soon it sees a merge. With a real guest. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { askDaemon } from '../../reconciler/daemon/control-socket.ts';
import { stateDirLayout } from '../../reconciler/state-dir.ts';
import { GOOD_INIT, GUEST, writeBoxes, writeFleet, writeGuest, writeHost } from '../lab/desired-state.ts';
import { type Lab, openLab } from '../lab/lab.ts';
import { newScene, type Scene } from '../lab/scene.ts';
import { waitFor } from '../lab/wait-for.ts';
import { cpuOf, cpuOfCommand, median, quantile, type Result, residentMiB, wallOf } from './measure.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/boxreeve', import.meta.url));
const POLLS_FOR_MEMORY = 10_000;
const IDLE_POLLS = 40;
const MERGES = 200;
const WALL_RUNS = 21;
/** The reconciler anyone would script. */
const SCRIPTED = 'git pull --quiet && vagrant box list && vagrant status';

export async function daemonGroup(): Promise<readonly Result[]> {
  const lab = await openLab();
  try {
    const bench = await prepare(lab);
    try {
      const noop = await measureNoop(bench);
      const status = await measureStatus(bench);
      const rss = await measureMemory(bench);
      const merge = await measureMerges(bench);
      return [noop, status, merge, rss];
    } finally {
      bench.daemon.kill('SIGTERM');
      await bench.daemon.catch(() => undefined);
      await bench.scene.dispose();
    }
  } finally {
    await lab.dispose();
  }
}

type Bench = Awaited<ReturnType<typeof prepare>>;

/** A host in sync with one real guest, and the built daemon at work on it, polling once a second. */
async function prepare(lab: Lab) {
  const scene = await newScene(lab, { host: 'bench1', secrets: { VSTS_TOKEN: 'bench-token' }, poll: '1s' });
  writeFleet(scene.repo);
  writeHost(scene.repo, scene.host);
  writeBoxes(scene.repo, { '2022.2.17': await lab.box({ label: 'bench' }) });
  writeGuest(scene.repo, { version: '2022.2.17' });
  await scene.repo.merge('Declare the host');
  const synced = await scene.host.boxreeve('sync');
  if (synced.exitCode !== 0) throw new Error(`the host does not come into sync: ${synced.stderr}`);
  const planned: { commit: string; at: number }[] = [];
  const daemon = execa(LAUNCHER, ['run', '--config', scene.host.configFile], {
    // its events are what is counted here
    env: { ...lab.env, BOXREEVE_LOG: 'debug' },
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    stdout: 'ignore',
    buffer: false,
  });
  let reconciles = 0;
  let rest = '';
  daemon.stderr?.on('data', (chunk: Buffer) => {
    const lines = `${rest}${chunk.toString('utf8')}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const event: { event?: string; commit?: string } = line.startsWith('{') ? JSON.parse(line) : {};
      if (event.event === 'planned' && event.commit !== undefined)
        planned.push({ commit: event.commit, at: performance.now() });
      if (event.event === 'reconciled') reconciles += 1;
    }
  });
  const socket = stateDirLayout(scene.host.stateDir).controlSocket;
  await waitFor(
    'the daemon',
    async () => (await askDaemon(socket, { command: 'status' }, 1000).catch(() => undefined))?.ok,
  );
  // what was started is the launcher, which execs Node: one process
  const { pid } = daemon;
  if (pid === undefined) throw new Error('the daemon did not start');
  return { lab, scene, daemon, pid, socket, planned, reconciles: () => reconciles };
}

async function measureNoop({ lab, scene, pid, reconciles }: Bench): Promise<Result> {
  const begin = { cpu: cpuOf(pid), count: reconciles() };
  await waitFor('idle polls', () => reconciles() >= begin.count + IDLE_POLLS);
  const ours = (cpuOf(pid) - begin.cpu) / (reconciles() - begin.count);
  const runs: number[] = [];
  await scene.repo.git('branch', '--set-upstream-to=origin/main');
  for (let run = 0; run < 5; run += 1) {
    // both read the same guest: theirs in Vagrant's folder, with the repo's work tree for the pull
    runs.push(
      await cpuOfCommand(
        `cd ${quote(scene.repo.folder)} && ${SCRIPTED.replace('vagrant status', `cd ${quote(guestFolder(scene))} && vagrant status`)}`,
        { cwd: '/', env: { ...lab.env, VSTS_TOKEN: 'x', GUEST_NAME: 'x' } },
      ),
    );
  }
  return result(
    'noop',
    ours,
    median(runs),
    'ms CPU',
    `a reconcile with nothing to do, in the daemon; ${SCRIPTED}`,
    1 / 50,
  );
}

async function measureStatus({ lab, scene }: Bench): Promise<Result> {
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let run = 0; run < WALL_RUNS; run += 1) {
    ours.push(await wallOf(LAUNCHER, ['status', '--config', scene.host.configFile], { ...lab.env }));
    theirs.push(await wallOf('vagrant', ['--version'], { ...lab.env }));
  }
  return result(
    'status-wall',
    median(ours),
    median(theirs),
    'ms',
    'boxreeve status; vagrant --version',
    1 / 5,
  );
}

async function measureMemory({ lab, scene, pid, socket }: Bench): Promise<Result> {
  const sync = { command: 'sync', forceWindow: false, dryRun: false, retryFailed: false };
  for (let poll = 0; poll < POLLS_FOR_MEMORY; poll += 1) {
    const reply = await askDaemon(socket, sync, 0);
    if (reply?.ok !== true) throw new Error(`a poll failed: ${JSON.stringify(reply)}`);
    if (poll === POLLS_FOR_MEMORY / 10)
      process.stderr.write(`rss after ${poll} polls: ${residentMiB(pid).toFixed(1)} MiB\n`);
  }
  const ours = residentMiB(pid);
  const timed = await execa('/usr/bin/time', ['-f', '%M', 'vagrant', 'status'], {
    cwd: guestFolder(scene),
    env: { ...lab.env, VSTS_TOKEN: 'x', GUEST_NAME: 'x' },
    extendEnv: false,
  }).catch(() => null);
  const theirs = timed === null ? Number.NaN : Number(timed.stderr.trim().split('\n').at(-1)) / 1024;
  return {
    ...result(
      'rss',
      ours,
      theirs,
      'MiB',
      `the daemon after ${POLLS_FOR_MEMORY} polls; one vagrant status`,
      1,
    ),
    budget: '≤ 80 MiB',
    withinBudget: ours <= 80,
  };
}

async function measureMerges({ lab, scene, planned, reconciles }: Bench): Promise<Result> {
  const waits: number[] = [];
  writeFleet(scene.repo, 'closed');
  for (let merge = 0; merge < MERGES; merge += 1) {
    writeGuest(scene.repo, { version: '2022.2.17', init: `${GOOD_INIT}# merge ${merge}\n` });
    await scene.repo.git('add', '--all');
    await scene.repo.git('commit', '--quiet', '-m', `Merge ${merge}`);
    const commit = await scene.repo.git('rev-parse', 'HEAD');
    await scene.repo.git('push', '--quiet', 'origin', 'HEAD:staged', '--force');
    const before = reconciles();
    await scene.repo.remoteGit('update-ref', 'refs/heads/main', commit);
    const merged = performance.now();
    const seen = await waitFor(`the plan of merge ${merge}`, () =>
      planned.find((plan) => plan.commit === commit),
    );
    waits.push(Math.max(0, seen.at - merged));
    // people do not merge while the last merge is still being recorded
    await waitFor('the reconcile to end', () => reconciles() > before);
  }
  const start = performance.now();
  await execa(
    'bash',
    ['-c', SCRIPTED.replace('git pull --quiet', `git -C ${quote(scene.repo.folder)} pull --quiet`)],
    {
      cwd: guestFolder(scene),
      env: { ...lab.env, VSTS_TOKEN: 'x', GUEST_NAME: 'x' },
      extendEnv: false,
    },
  );
  const theirs = performance.now() - start;
  const ours = quantile(waits, 0.99);
  return {
    ...result(
      'merge-to-plan',
      ours,
      theirs,
      'ms',
      `p99 of ${MERGES} merges on a watched local repo, median ${median(waits).toFixed(0)} ms; one ${SCRIPTED}`,
      1,
    ),
    budget: 'p99 ≤ 250 ms',
    withinBudget: ours <= 250,
  };
}

function guestFolder(scene: Scene): string {
  return join(scene.host.stateDir, 'guests', GUEST);
}

function quote(text: string): string {
  return `'${text}'`;
}

function result(
  name: string,
  ours: number,
  theirs: number,
  unit: string,
  what: string,
  greatest: number,
): Result {
  const ratio = ours / theirs;
  return {
    name,
    ratio,
    ours,
    theirs,
    unit,
    what,
    budget: `≤ ${greatest.toFixed(2)}`,
    withinBudget: ratio <= greatest,
  };
}
