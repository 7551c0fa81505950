/** A source that stops giving is given up: a fetch of many gigabytes has no limit as a whole, but each wait has one. */
import { MINUTE } from '../clock.ts';

/** A link that is slow gives something within two minutes; one that is dead does not. Milliseconds. */
export const STALL_LIMIT = 2 * MINUTE;

/** Hands on what comes; throws when nothing has come for `limitMs`. The source is left for its owner to close. */
export async function* inTime(
  chunks: AsyncIterable<Uint8Array>,
  limitMs: number,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const source = chunks[Symbol.asyncIterator]();
  for (;;) {
    const next = await soon(source.next(), limitMs, signal);
    if (next.done) return;
    yield next.value;
  }
}

/** What is waited for, if it comes within `limitMs`, and before the signal is aborted: else the signal's reason is thrown. */
export async function soon<T>(wait: Promise<T>, limitMs: number, signal?: AbortSignal): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let stop: (() => void) | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`gave nothing for ${limitMs / 1000} s`)), limitMs);
    stop = () => reject(signal?.reason);
    signal?.addEventListener('abort', stop, { once: true });
    if (signal?.aborted) stop();
  });
  // the source may break off after it was given up: nobody is left to hear of it
  wait.catch(() => undefined);
  return Promise.race([wait, late]).finally(() => {
    clearTimeout(timer);
    if (stop !== undefined) signal?.removeEventListener('abort', stop);
  });
}
