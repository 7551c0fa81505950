/** `move-4gib-rss`: what memory a fetch takes, of a file of 4 GiB and of one of 512 MiB: the same. Below that, Node does not yet collect what is used up. */
import { randomBytes } from 'node:crypto';
import { closeSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type NetHost, openNetHosts } from '../../lab/net-hosts.ts';
import type { Result } from '../measure.ts';
import { catalogued, hold } from './box-files.ts';
import { type FetchCost, readyFetch } from './fetching.ts';

const MIB = 1024 * 1024;
const LARGE = 4096 * MIB;
const SMALL = 512 * MIB;
/** Memory that grows with the file would be eight times as much. */
const BUDGET = 1.25;

export async function memory(): Promise<Result> {
  const net = await openNetHosts({ names: ['seed', 'host'], rate: null });
  try {
    const [seed, host] = [net.host('seed'), net.host('host')];
    const small = await peakOf(host, seed, SMALL);
    const large = await peakOf(host, seed, LARGE);
    const ratio = large.peakMiB / small.peakMiB;
    return {
      name: 'move-4gib-rss',
      ratio,
      ours: large.peakMiB,
      theirs: small.peakMiB,
      unit: 'MiB',
      what: `peak memory of a fetch of ${LARGE / MIB} MiB in chunks from another host; of one of ${SMALL / MIB} MiB`,
      budget: `≤ ${BUDGET.toFixed(2)}`,
      withinBudget: ratio <= BUDGET,
      also: { seconds: large.milliseconds / 1000 },
    };
  } finally {
    await net.dispose();
  }
}

async function peakOf(host: NetHost, seed: NetHost, size: number): Promise<FetchCost> {
  const file = join(seed.folder, 'sparse.box');
  laySparse(file, size);
  const box = await hold(seed, file);
  const cost = await (await readyFetch(host, catalogued(box), { hosts: [host], holder: seed })).go();
  for (const { sftp } of [seed, host]) rmSync(join(sftp.folder, `${box.sha256}.box`));
  return cost;
}

/** Mostly holes, as disk images are, with something of its own every few megabytes. */
function laySparse(file: string, size: number): void {
  const handle = openSync(file, 'w');
  ftruncateSync(handle, size);
  for (let at = 0; at < size; at += 8 * MIB) writeSync(handle, randomBytes(MIB), 0, MIB, at);
  closeSync(handle);
}
