/** A host's reconciler, as far as a fetch goes: a Node process in the host's namespace that fetches one box when it is told to. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { choosePeers } from '../../../reconciler/boxes/peers/choose.ts';
import type { Peer } from '../../../reconciler/boxes/peers/peer.ts';
import type { BoxSpec } from '../../../reconciler/desired/spec.ts';
import type { NetHost } from '../../lab/net-hosts.ts';

/** What the worker is told. */
export type FetchJob = {
  /** Of the host. */
  readonly name: string;
  readonly box: BoxSpec;
  /** Where the host keeps box files. */
  readonly folder: string;
  /** Private key of the host, a file. */
  readonly key: string;
  readonly knownHosts: string;
  /** Other hosts, in the order in which they are asked. */
  readonly peers: readonly Peer[];
};

export type FetchCost = {
  readonly milliseconds: number;
  /** The most memory that the process ever had, in MiB. */
  readonly peakMiB: number;
  /** What was tried, and what came from where. */
  readonly text: string;
  /** Bytes that came over, as the fetch counts them itself. */
  readonly moved: number;
};

/** A process that has loaded what it needs, and waits. */
export type ReadyFetch = {
  /** Fetches, and says what it cost; rejects with what the process said if it fails. */
  go(): Promise<FetchCost>;
};

type Fleet = { readonly hosts: readonly NetHost[]; readonly holder: NetHost };

const WORKER = fileURLToPath(new URL('./fetch-worker.ts', import.meta.url));

/**
 * @param fleet hosts whose boxes may be read, and who of them is known to hold this one
 * @param env more environment for the process
 */
export async function readyFetch(
  host: NetHost,
  box: BoxSpec,
  { hosts, holder }: Fleet,
  env: Readonly<Record<string, string>> = {},
): Promise<ReadyFetch> {
  const job: FetchJob = {
    name: host.name,
    box,
    folder: host.sftp.folder,
    key: host.key,
    knownHosts: host.knownHosts,
    peers: askedBy(host, hosts, holder),
  };
  const file = join(host.folder, `job-${box.sha256}.json`);
  writeFileSync(file, JSON.stringify(job));
  const [program = '', ...words] = [...host.enter, process.execPath, WORKER, file];
  const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const line = await lines.next();
    if (!line.done) return line.value;
    await ended;
    throw new Error(`the fetch on ${host.name} failed: ${said}`);
  };
  await next();
  return {
    go: async () => {
      child.stdin.end('go\n');
      const cost: FetchCost = JSON.parse(await next());
      await ended;
      return cost;
    },
  };
}

/** As the product chooses them, when the holder's record has told who it is. */
function askedBy({ name }: NetHost, hosts: readonly NetHost[], holder: NetHost): readonly Peer[] {
  const known = [holder, ...hosts].map((each) => ({ ...peerOf(each), labels: [] }));
  return choosePeers(known, { name, labels: [] }, { near: [], most: MOST }, new Set([holder.name])).now;
}

/** Hosts that one asks at a time, unless the fleet says otherwise. */
const MOST = 8;

function peerOf({ name, address, sftp }: NetHost): Peer {
  return { name, address, port: sftp.port, user: sftp.user, hostKey: sftp.hostKey, folder: '/boxes' };
}
