/** `fan-out-8`: one box from one host to eight others, each with a link no faster than that of the first. */
import { randomBytes } from 'node:crypto';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type NetHost, openNetHosts, scpArguments } from '../../lab/net-hosts.ts';
import type { Result } from '../measure.ts';
import { catalogued, type HeldBox, hold } from './box-files.ts';
import { readyFetch } from './fetching.ts';

const HOSTS = 8;
const MIB = 1024 * 1024;
/** Long enough for 64 key exchanges on two cores, which nine real hosts would share, not to be what is measured. */
const SIZE = 48 * MIB;
/** What scp takes to all of them is known from a part: the rest of it would be more of the same. */
const PART = SIZE / 4;
/** Bytes a second, each way: slow enough for two cores to encrypt what nine hosts send at once. */
const RATE = 3 * MIB;
const BUDGET = 1.5;

export async function fanOut(): Promise<Result> {
  const receivers = Array.from({ length: HOSTS }, (_, index) => `host${index + 1}`);
  const net = await openNetHosts({ names: ['seed', ...receivers], rate: RATE });
  try {
    const seed = net.host('seed');
    const hosts = receivers.map((name) => net.host(name));
    const [first] = hosts;
    if (first === undefined) throw new Error('there is nobody to fetch');
    const file = join(net.folder, 'fan-out.box');
    writeFileSync(file, randomBytes(SIZE));
    const box = await hold(seed, file);
    const one = await seconds([() => scp(first, seed, box)]);
    writeFileSync(file, randomBytes(PART));
    const part = await hold(seed, file);
    const toAll = await seconds(hosts.map((host) => () => scp(host, seed, part)));
    const before = await seed.traffic();
    const ours = await swarm(hosts, seed, box);
    const { sent } = await seed.traffic();
    return {
      name: 'fan-out-8',
      ratio: ours / one,
      ours,
      theirs: one,
      unit: 's',
      what: `${SIZE / MIB} MiB to ${HOSTS} hosts over links of ${RATE / MIB} MiB/s; one scp of it`,
      budget: `≤ ${BUDGET.toFixed(2)}`,
      withinBudget: ours / one <= BUDGET,
      also: {
        scpToAll: (toAll * SIZE) / PART,
        linkLimit: SIZE / RATE,
        timesFromSeed: (sent - before.sent) / SIZE,
      },
    };
  } finally {
    await net.dispose();
  }
}

/** Seconds until every host has the whole file. */
async function swarm(hosts: readonly NetHost[], seed: NetHost, box: HeldBox): Promise<number> {
  const fetches = await Promise.all(
    hosts.map((host) => readyFetch(host, catalogued(box), { hosts, holder: seed })),
  );
  const took = await seconds(fetches.map((fetch) => () => fetch.go()));
  for (const { name, sftp } of hosts)
    if (statSync(join(sftp.folder, `${box.sha256}.box`)).size !== SIZE)
      throw new Error(`${name} has another file`);
  return took;
}

async function scp(host: NetHost, seed: NetHost, { sha256 }: HeldBox): Promise<void> {
  const ran = await host.run('scp', scpArguments(host, seed, `${sha256}.box`, join(host.folder, 'copy')));
  if (ran.exitCode !== 0) throw new Error(`scp on ${host.name}: ${ran.stderr}`);
}

/** Of all of them, begun at once. */
async function seconds(work: readonly (() => Promise<unknown>)[]): Promise<number> {
  const start = performance.now();
  await Promise.all(work.map((each) => each()));
  return (performance.now() - start) / 1000;
}
