/** Cuts what a source gives into the chunks of the list. */
import type { ChunkList } from '../chunks/chunk-list.ts';

/** Bytes are good until the next chunk is asked for. */
export type ReadChunk = { readonly chunk: number; readonly bytes: Uint8Array };

/** The chunks from `first` on, as far as they come whole. Keeps one chunk in memory, and what the source gives at a time. */
export async function* chunksOf(
  pieces: AsyncIterable<Uint8Array>,
  list: ChunkList,
  first: number,
): AsyncGenerator<ReadChunk> {
  let chunk = first;
  let held: Buffer = Buffer.alloc(0);
  let filled = 0;
  for await (const piece of pieces) {
    for (let from = 0; from < piece.length && chunk < list.count; ) {
      const length = list.lengthAt(chunk);
      if (held.length < length) held = grown(held, filled, length);
      const take = Math.min(length - filled, piece.length - from);
      held.set(piece.subarray(from, from + take), filled);
      filled += take;
      from += take;
      if (filled < length) continue;
      yield { chunk, bytes: held.subarray(0, length) };
      chunk += 1;
      filled = 0;
    }
    if (chunk === list.count) return;
  }
}

function grown(held: Buffer, filled: number, length: number): Buffer {
  const wider = Buffer.allocUnsafe(length);
  held.copy(wider, 0, 0, filled);
  return wider;
}
