/** What a process is told that fetches a box. */
import { appendFileSync } from 'node:fs';
import { type Fetched, fetchBox } from '../../reconciler/boxes/fetch.ts';
import { sourceFor } from '../../reconciler/boxes/sources/sources.ts';
import type { BoxSpec } from '../../reconciler/desired/spec.ts';

export type BoxesRun = {
  /** A file that gets a line for each piece that comes from a source: how many bytes it has. */
  readonly tally: string;
  readonly box: BoxSpec;
  readonly file: string;
  readonly ssh: { readonly key: string | null; readonly knownHosts: string };
};

export function fetchAs({ box, file, ssh, tally }: BoxesRun): Promise<Fetched> {
  return fetchBox(box, {
    file,
    log: { info: () => {}, warn: () => {} },
    signal: new AbortController().signal,
    limit: (pieces) => counted(pieces, tally),
    source: (address) => sourceFor(address, { ssh, sha256: box.sha256 }),
  });
}

async function* counted(pieces: AsyncIterable<Uint8Array>, tally: string): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    appendFileSync(tally, `${piece.length}\n`);
    yield piece;
  }
}
