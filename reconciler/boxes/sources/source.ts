/** Where boxes come from. */

/** This source does not have the box, or has another file under its name: the next one is tried. */
export class SourceMissed extends Error {}

export type SourceBody = {
  /** Offset of the first byte that comes: what was asked for, or 0 if the source cannot go on from there. */
  readonly from: number;
  readonly chunks: AsyncIterable<Uint8Array>;
};

/** Opens a source to be read from an offset in bytes. Rejects with a sentence. */
export type OpenSource = (source: string, from: number, signal: AbortSignal) => Promise<SourceBody>;
