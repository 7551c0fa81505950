/** What a box is fetched with. */
import type { BoxSpec } from '../../desired/spec.ts';
import type { Logger } from '../../log.ts';
import type { PeerSource } from '../peers/peer-source.ts';
import type { RateLimit } from '../sources/rate.ts';
import type { Source } from '../sources/source.ts';

export type FetchDeps = {
  /** Where the file is to lie, `<folder>/<sha256>.box`; what is beside it of an earlier fetch is gone on with. */
  readonly file: string;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  readonly signal: AbortSignal;
  /** Bytes free on the disk of a folder. */
  readonly freeBytes?: (folder: string) => Promise<number>;
  /** Sources that gave other bytes than are catalogued are put here, and not asked for that box again. */
  readonly shunned?: Set<string>;
  /** How long a source may give nothing, in milliseconds. */
  readonly stallMs?: number;
  /** The source at an address, of the file with that digest. Throws SourceMissed for one that this version does not know. */
  readonly source: (address: string, sha256: string) => Source;
  /** Other hosts, for the source `peers:`. */
  readonly peers?: (box: BoxSpec) => Promise<Peers>;
  /** Slows down what comes, all sources together. */
  readonly limit?: RateLimit;
  /** Name of this host: by their names, hosts that begin together begin at different places of the file. */
  readonly name?: string;
};

/** `now` are asked at once; one of `later` takes the place of one that fails or has nothing, in this order. */
export type Peers = { readonly now: readonly PeerSource[]; readonly later: readonly PeerSource[] };

export type Fetched = {
  /** What was tried and what came from where, a line each. */
  readonly text: string;
  readonly stats: FetchStats;
};

export type FetchStats = {
  /** Bytes that were on this host already. */
  readonly reused: number;
  /** Bytes that came over from sources, whatever became of them. */
  readonly moved: number;
  /** Bytes of the file by the address of the source that gave them. */
  readonly bySource: Readonly<Record<string, number>>;
};

/** The source of the catalogue that stands for all other hosts. */
export const PEERS = 'peers:';

export function shunMark({ sha256 }: BoxSpec, address: string): string {
  return `${sha256} ${address}`;
}
