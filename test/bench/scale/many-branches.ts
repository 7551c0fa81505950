/** `poll-10000`: what a poll and a push cost where 10 000 hosts have a branch each. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { type Mirror, openMirror } from '../../../reconciler/git/mirror.ts';
import { newInfraRepo } from '../../lab/infra-repo.ts';
import type { Result } from '../measure.ts';
import { httpServer, type Server, sshServer } from './servers.ts';

const BRANCHES = 10_000;
/** What is counted hardly varies; CPU time is the mean of so many. */
const ROUNDS = 10;
const MOST = 0.01;

/** Bytes over smart HTTP; CPU time of the server over SSH. */
export async function pollAmongMany(): Promise<Result> {
  const root = mkdtempSync(join(tmpdir(), 'boxreeve-bench-poll-'));
  try {
    const folder = join(root, 'srv');
    mkdirSync(folder, { recursive: true });
    await aRepository(folder);
    const http = await measure(join(root, 'http'), await httpServer(folder));
    mkdirSync(join(root, 'sshd'));
    const ssh = await measure(join(root, 'ssh'), await sshServer(join(root, 'sshd'), folder, 10));
    const sent = ({ bytes }: Cost) => (bytes ?? Number.NaN) / 1000;
    const [ours, theirs] = [sent(http.poll), sent(http.list)];
    return {
      name: `poll-${BRANCHES}`,
      ratio: ours / theirs,
      ours,
      theirs,
      unit: 'kB',
      what: `an idle poll among ${BRANCHES} branches; git ls-remote of them`,
      budget: `≤ ${MOST.toFixed(2)}`,
      withinBudget: ours / theirs <= MOST,
      also: {
        kBToldPerPush: sent(http.push),
        pollCpuMs: ssh.poll.cpuMs,
        listCpuMs: ssh.list.cpuMs,
        pushCpuMs: ssh.push.cpuMs,
      },
    };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

async function aRepository(folder: string): Promise<void> {
  const repo = await newInfraRepo(folder);
  repo.write('desired-state/fleet.yaml', 'kind: Fleet\n');
  const tip = await repo.merge('Declare the fleet');
  const refs = Array.from(
    { length: BRANCHES },
    (_, index) => `create refs/heads/audit/builder${index} ${tip}\n`,
  );
  await execa('git', [`--git-dir=${repo.url}`, 'update-ref', '--stdin'], { input: refs.join('') });
  // as forges keep them
  await repo.remoteGit('pack-refs', '--all');
  await repo.remoteGit('config', 'http.receivepack', 'true');
}

/** Of one. `bytes`: sent by the server; null: not known. */
type Cost = { readonly bytes: number | null; readonly cpuMs: number };
type Costs = { readonly poll: Cost; readonly list: Cost; readonly push: Cost };

async function measure(gitDir: string, server: Server): Promise<Costs> {
  const path = process.env.PATH;
  Object.assign(process.env, server.env);
  try {
    const log = { info: () => undefined, debug: () => undefined };
    const watched = { remote: server.url, branch: 'main', path: 'desired-state' };
    const mirror = await openMirror({ gitDir, ...watched, log, alone: true });
    await mirror.fetch();
    return await costsOf(gitDir, mirror, server);
  } finally {
    process.env.PATH = path;
    await server.stop();
  }
}

async function costsOf(gitDir: string, mirror: Mirror, server: Server): Promise<Costs> {
  const git = (...args: string[]) => execa('git', [`--git-dir=${gitDir}`, ...args]);
  const each = async (work: (round: number) => Promise<unknown>): Promise<Cost> => {
    server.counts();
    for (let round = 0; round < ROUNDS; round += 1) await work(round);
    const { bytes, cpu } = server.counts();
    const cpuMs = cpu === null ? Number.NaN : (cpu.pushing + cpu.reading) / ROUNDS;
    return { bytes: bytes === null ? null : bytes.sent / ROUNDS, cpuMs };
  };
  return {
    poll: await each(() => mirror.fetch()),
    list: await each(() => git('ls-remote', 'origin')),
    push: await each((round) =>
      git('push', '--quiet', 'origin', `refs/boxreeve/tip:refs/heads/${server.name}/${round}`),
    ),
  };
}
