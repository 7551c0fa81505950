/** A file's bytes from its beginning to its end, with the next read under way while the last is worked on. */
import { open } from 'node:fs/promises';

const READ = 1024 * 1024;

/** Each part is good until the next is asked for. Throws as the file system does, or why the signal was aborted. */
export async function* bytesOf(file: string, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const handle = await open(file, 'r');
  let buffer = Buffer.allocUnsafe(READ);
  let other = Buffer.allocUnsafe(READ);
  let reading = handle.read(buffer, 0, READ);
  try {
    for (;;) {
      const { bytesRead } = await reading;
      if (bytesRead === 0) return;
      signal?.throwIfAborted();
      reading = handle.read(other, 0, READ);
      yield buffer.subarray(0, bytesRead);
      [buffer, other] = [other, buffer];
    }
  } finally {
    // into a buffer that nobody reads any more
    await reading.catch(() => undefined);
    await handle.close();
  }
}
