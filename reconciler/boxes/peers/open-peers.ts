/** Other hosts as sources of a box: from the followed commit, in the order in which they are to be asked. */
import type { BoxSpec } from '../../desired/spec.ts';
import type { Mirror } from '../../git/mirror.ts';
import type { HostConfig } from '../../host-config.ts';
import type { Logger } from '../../log.ts';
import type { Peers } from '../download/fetch-deps.ts';
import { choosePeers } from './choose.ts';
import { openHoldings } from './holders.ts';
import { knownPeers } from './known-peers.ts';
import type { KnownPeer } from './peer.ts';
import { openPeer } from './peer-source.ts';

export type PeersParts = {
  readonly config: Pick<HostConfig, 'name' | 'path' | 'signingKey'>;
  readonly mirror: Pick<Mirror, 'tree' | 'auditTips' | 'auditUrl'>;
  /** Repository for the newest records of others. */
  readonly records: string;
  /** The commit that is followed; null: none yet. */
  readonly commit: () => string | null;
  /** `audit/{host}` */
  readonly pattern: () => string;
  readonly log: Pick<Logger, 'warn'>;
};

/** Of one box; to be called when it is needed. Never throws: what fails here leaves fewer to ask, and is logged. */
export function openPeers(parts: PeersParts): (box: Pick<BoxSpec, 'sha256'>) => Promise<Peers> {
  const { config, mirror, log } = parts;
  const holdings = openHoldings({ gitDir: parts.records, remote: mirror.auditUrl, pattern: parts.pattern });

  async function holdersOf(sha256: string, peers: readonly KnownPeer[]): Promise<ReadonlySet<string>> {
    const names = new Set(peers.map(({ name }) => name));
    const tips = Object.entries(mirror.auditTips(parts.pattern())).filter(([host]) => names.has(host));
    try {
      return await holdings.holders(sha256, Object.fromEntries(tips));
    } catch (error) {
      log.warn({ event: 'holders-unknown' }, `whom to ask first for a box is not known: ${String(error)}`);
      return new Set();
    }
  }

  return async ({ sha256 }) => {
    const commit = parts.commit();
    if (commit === null) return { now: [], later: [] };
    try {
      const { asker, rules, peers } = await knownPeers(mirror.tree(commit), config.path, config.name, log);
      const chosen = choosePeers(peers, asker, rules, await holdersOf(sha256, peers));
      const open = (peer: KnownPeer) => openPeer(peer, sha256, config.signingKey);
      return { now: chosen.now.map(open), later: chosen.later.map(open) };
    } catch (error) {
      log.warn({ event: 'peers-unknown' }, `no other host is asked for a box: ${String(error)}`);
      return { now: [], later: [] };
    }
  };
}
