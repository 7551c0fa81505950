/** What there is to say of a box's file: made chunk by chunk, while the file is read or written. */
import { createHash, hash } from 'node:crypto';
import { ChunkListWriter } from './chunk-list.ts';

/** `size` in bytes, `sha256` of the whole file in hexadecimal, and the chunk list as it is written. */
export type Description = { readonly size: number; readonly sha256: string; readonly list: Buffer };

/** Is told the chunks of a file in order. */
export class Describer {
  readonly #whole = createHash('sha256');
  readonly #list = new ChunkListWriter();
  #size = 0;

  add(chunk: Uint8Array): void {
    this.#whole.update(chunk);
    this.#list.add(chunk.length, hash('sha256', chunk, 'buffer'));
    this.#size += chunk.length;
  }

  /** To be asked once, at the file's end. */
  end(): Description {
    return { size: this.#size, sha256: this.#whole.digest('hex'), list: this.#list.bytes() };
  }
}
