/** Bytes that look like chance, and are the same for the same seed (xorshift32). */
export function pseudoRandom(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed | 1;
  for (let at = 0; at < length; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = state >>> 16;
  }
  return bytes;
}

/** In parts of the given lengths, again and again, to its end. */
export async function* inParts(bytes: Uint8Array, lengths: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0;
  for (let turn = 0; from < bytes.length; turn++) {
    const to = from + (lengths[turn % lengths.length] ?? bytes.length);
    yield bytes.subarray(from, to);
    from = to;
  }
}
