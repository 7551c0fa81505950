/**
 * Which hosts of the fleet can be asked for boxes, as the followed commit says. Read when a box is needed, not at each poll; in a large
 * fleet not all of it (`windowOf`).
 */
import { DesiredFiles } from '../../desired/desired-files.ts';
import type { Host } from '../../desired/generated/host.ts';
import type { DesiredTree } from '../../desired/tree.ts';
import { showComplaint } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import { type Asker, type PeerRules, windowOf } from './choose.ts';
import { type KnownPeer, peerOf } from './peer.ts';

export type KnownPeers = {
  readonly asker: Asker;
  readonly rules: PeerRules;
  readonly peers: readonly KnownPeer[];
};

/** The schema's default, which the validator does not fill in. */
const MOST_AT_A_TIME = 8;

/** A host whose file has a mistake is none, and a warning: it is no matter of this one. @param name of this host */
export async function knownPeers(
  tree: DesiredTree,
  root: string,
  name: string,
  log: Pick<Logger, 'warn'>,
): Promise<KnownPeers> {
  const files = new DesiredFiles(await withHostsListed(tree, root), root);
  const fleet = await files.fleet();
  const own = await files.host(name);
  const hosts = await hostsOf(files, windowOf(await files.names('hosts'), name));
  for (const complaint of files.complaints.list())
    log.warn({ event: 'peer-unreadable' }, `not asked for boxes: ${showComplaint(complaint)}`);
  const { near = [], most = MOST_AT_A_TIME } = fleet?.data.peers ?? {};
  return {
    asker: { name, labels: own?.data.labels ?? [] },
    rules: { near, most },
    peers: hosts.flatMap((host) => {
      const peer = peerOf(host);
      return peer === null ? [] : [{ ...peer, labels: host.labels ?? [] }];
    }),
  };
}

async function hostsOf(files: DesiredFiles, names: readonly string[]): Promise<readonly Host[]> {
  const hosts: Host[] = [];
  for (const name of names) {
    const loaded = await files.host(name);
    // under the name of its file, whatever it calls itself
    if (loaded?.data.name === name) hosts.push(loaded.data);
  }
  return hosts;
}

/** The same files; where a host's lies is answered from one listing, as each would be a Git process. */
async function withHostsListed(tree: DesiredTree, root: string): Promise<DesiredTree> {
  const folder = new DesiredFiles(tree, root).path('hosts');
  const listed = await tree.list(folder);
  const byPath = new Map(listed.map((entry) => [entry.path, entry]));
  return {
    revision: tree.revision,
    entry: async (path) => (path.startsWith(`${folder}/`) ? byPath.get(path) : tree.entry(path)),
    list: async (path) => (path === folder ? listed : tree.list(path)),
    read: (entry) => tree.read(entry),
  };
}
