/** A bitmap of chunks, as `.have` files hold it: bit i, counted from the lowest of each byte, is chunk i. */

/** What a source has of a box's file: all of it, the chunks of a bitmap, or nothing. */
export type Holding = 'all' | Uint8Array | null;

export function bitmapOf(count: number): Buffer {
  return Buffer.alloc(bytesFor(count));
}

export function bytesFor(count: number): number {
  return Math.ceil(count / 8);
}

export function holds(holding: Holding, chunk: number): boolean {
  if (holding === 'all') return true;
  return holding !== null && ((holding[chunk >>> 3] ?? 0) & (1 << (chunk & 7))) !== 0;
}

export function setBit(bitmap: Uint8Array, chunk: number, to: boolean): void {
  const byte = bitmap[chunk >>> 3] ?? 0;
  bitmap[chunk >>> 3] = to ? byte | (1 << (chunk & 7)) : byte & ~(1 << (chunk & 7));
}
