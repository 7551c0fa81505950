/** A source that stops giving is given up: a fetch of many gigabytes has no limit as a whole, but each wait has one. */

/** Hands on what comes; throws when nothing has come for `limitMs`. The source is left for its owner to close. */
export async function* inTime(
  chunks: AsyncIterable<Uint8Array>,
  limitMs: number,
): AsyncGenerator<Uint8Array> {
  const source = chunks[Symbol.asyncIterator]();
  for (;;) {
    const next = await soon(source.next(), limitMs);
    if (next.done) return;
    yield next.value;
  }
}

async function soon<T>(wait: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`gave nothing for ${limitMs / 1000} s`)), limitMs);
  });
  // the source may break off after it was given up: nobody is left to hear of it
  wait.catch(() => undefined);
  return Promise.race([wait, late]).finally(() => clearTimeout(timer));
}
