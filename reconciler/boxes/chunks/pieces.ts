/** A stream, cut by its content. */
import { type CutSizes, Cutter } from './cut.ts';

/** The pieces of a stream in order. Each is good until the next is asked for: its bytes lie where the following ones will. */
export async function* piecesOf(
  stream: AsyncIterable<Uint8Array>,
  sizes: CutSizes,
): AsyncGenerator<Uint8Array> {
  const cutter = new Cutter(sizes);
  const held = Buffer.allocUnsafe(sizes.most);
  let here = 0;
  for await (const bytes of stream) {
    let from = 0;
    for (let to = cutter.cut(bytes, from); to !== null; to = cutter.cut(bytes, from)) {
      const rest = bytes.subarray(from, to);
      if (here > 0) held.set(rest, here);
      yield here > 0 ? held.subarray(0, here + rest.length) : rest;
      here = 0;
      from = to;
    }
    held.set(bytes.subarray(from), here);
    here += bytes.length - from;
  }
  if (here > 0) yield held.subarray(0, here);
}
