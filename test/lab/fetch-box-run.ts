/** What a process is told that fetches a box. */
import { appendFileSync } from 'node:fs';
import { type Fetched, fetchBox } from '../../reconciler/boxes/fetch.ts';
import type { Peer } from '../../reconciler/boxes/peers/peer.ts';
import { openPeer } from '../../reconciler/boxes/peers/peer-source.ts';
import type { BoxSpec } from '../../reconciler/desired/spec.ts';
import { anySource } from '../unit/boxes/any-source.ts';

export type BoxesRun = {
  /** A file that gets a line for each piece that comes from a source: how many bytes it has. */
  readonly tally: string;
  readonly box: BoxSpec;
  readonly file: string;
  /** The other host, and the key that it lets in; null: there is none. */
  readonly peer: { readonly host: Peer; readonly key: string } | null;
};

export function fetchAs({ box, file, peer, tally }: BoxesRun): Promise<Fetched> {
  return fetchBox(box, {
    file,
    log: { info: () => {}, warn: () => {} },
    signal: new AbortController().signal,
    limit: (pieces) => counted(pieces, tally),
    source: anySource,
    peers: async () => ({
      now: peer === null ? [] : [openPeer(peer.host, box.sha256, peer.key)],
      later: [],
    }),
  });
}

async function* counted(pieces: AsyncIterable<Uint8Array>, tally: string): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    appendFileSync(tally, `${piece.length}\n`);
    yield piece;
  }
}
