/** Puts together what boxes are fetched with on this host. What seldom happens is loaded when it does. */
import type { BoxSpec } from '../desired/spec.ts';
import type { HostConfig } from '../host-config.ts';
import type { Logger } from '../log.ts';
import type { StateDir } from '../state-dir.ts';
import type { Fetched, Peers } from './download/fetch-deps.ts';
import type { PeersParts } from './peers/open-peers.ts';
import { rateLimit } from './sources/rate.ts';

export type Boxes = {
  /** Brings a box's file here, checked. Throws a BoxreeveError that says what was tried. */
  fetch(box: BoxSpec, signal: AbortSignal): Promise<Fetched>;
};

export type BoxesParts = {
  readonly config: Pick<HostConfig, 'sftp' | 'downloadLimit'> & PeersParts['config'];
  readonly dirs: StateDir;
  readonly log: Logger;
} & Pick<PeersParts, 'mirror' | 'commit' | 'pattern'>;

export function openBoxes(parts: BoxesParts): Boxes {
  const { config, dirs, log } = parts;
  /** Sources that gave wrong bytes, for as long as this process lives. */
  const shunned = new Set<string>();
  const limit = rateLimit(config.downloadLimit);
  /** Kept: they remember which host holds what. */
  let others: ((box: BoxSpec) => Promise<Peers>) | null = null;

  async function peers(box: BoxSpec) {
    const { openPeers } = await import('./peers/open-peers.ts');
    others ??= openPeers({ ...parts, records: dirs.peerRecords });
    return others(box);
  }

  return {
    fetch: async (box, signal) => {
      const { fetchBox } = await import('./fetch.ts');
      const { sourceFor } = await import('./sources/sources.ts');
      const source = (address: string, sha256: string) => sourceFor(address, { ssh: config.sftp, sha256 });
      return fetchBox(box, {
        file: dirs.boxFile(box.sha256),
        log,
        signal,
        shunned,
        source,
        peers,
        limit,
        name: config.name,
      });
    },
  };
}
