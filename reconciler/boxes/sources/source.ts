/** Where boxes come from. */
import { oneLine } from '../../one-line.ts';

/** This source does not have the box, or has another file under its name: the next one is tried. */
export class SourceMissed extends Error {
  constructor(message: string) {
    // a server's own words may be in it
    super(oneLine(message));
  }
}

/** What is here already of a file, from a download that was cut. */
export type Resume = {
  /** Bytes that are here. */
  readonly from: number;
  /** What the same source said of the version it gave; null if the bytes came from another source, or it said nothing. */
  readonly validator: string | null;
  /** Where to end, exclusive; null: at the end of the file. */
  readonly to: number | null;
};

export type SourceBody = {
  /** Offset of the first byte that comes: what was asked for, or 0 if the source cannot go on from there. */
  readonly from: number;
  /** Bytes of the whole file; null if the source does not say. */
  readonly size: number | null;
  /** Tells this version of the file from others at the same address; null if the source does not say. */
  readonly validator: string | null;
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Lets go of it, read or not. */
  close(): void;
};

/** In words, for a person. `fetch failed` and `terminated` say nothing; their cause does. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message !== '' ? error.cause.message : error.message;
}

/** Opens a source. Rejects with SourceMissed, whose message goes on from the source's address. */
export type OpenSource = (source: string, resume: Resume, signal: AbortSignal) => Promise<SourceBody>;

/** A source of a box at an address; it may keep a connection from one opening to the next. */
export type Source = {
  readonly address: string;
  open(resume: Resume, signal: AbortSignal): Promise<SourceBody>;
  close(): Promise<void> | void;
};
