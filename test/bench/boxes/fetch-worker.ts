/** What `readyFetch` starts on a host: `node fetch-worker.ts JOB.json`. The one place that knows what `fetchBox` takes. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fetchBox } from '../../../reconciler/boxes/fetch.ts';
import { openPeer } from '../../../reconciler/boxes/peers/peer-source.ts';
import { sourceFor } from '../../../reconciler/boxes/sources/sources.ts';
import type { FetchCost, FetchJob } from './fetching.ts';

const { name, box, folder, key, knownHosts, peers }: FetchJob = JSON.parse(
  readFileSync(process.argv[2] ?? '', 'utf8'),
);
process.stdout.write('ready\n');
await once(process.stdin, 'data');
const start = performance.now();
const { text, stats } = await fetchBox(box, {
  file: join(folder, `${box.sha256}.box`),
  log: { info: () => {}, warn: (_about: object, said?: string) => void process.stderr.write(`${said}\n`) },
  signal: new AbortController().signal,
  source: (address, sha256) => sourceFor(address, { ssh: { key, knownHosts }, sha256 }),
  peers: async () => ({ now: peers.map((peer) => openPeer(peer, box.sha256, key)), later: [] }),
  name,
});
const cost: FetchCost = {
  milliseconds: performance.now() - start,
  peakMiB: process.resourceUsage().maxRSS / 1024,
  text,
  moved: stats.moved,
};
process.stdout.write(`${JSON.stringify(cost)}\n`);
