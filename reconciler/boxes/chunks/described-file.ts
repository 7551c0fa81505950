/** A file that is written chunk by chunk, and described while it is. */
import { type FileHandle, open } from 'node:fs/promises';
import { Describer, type Description } from './description.ts';

/**
 * What is put one by one and is shorter than this, in bytes, shares a chunk with its like that follow: zeros by the gigabyte pack to
 * nearly nothing, and their list would be longer than they. A longer one always has a chunk to itself.
 */
const SHORT = 4096;
const WRITE = 1024 * 1024;

/** Whoever opens it closes it, whatever comes. */
export class DescribedFile {
  readonly #handle: FileHandle;
  readonly #describer = new Describer();
  readonly #buffer = Buffer.allocUnsafe(WRITE);
  #buffered = 0;
  #short: Uint8Array[] = [];
  #shortLength = 0;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** Made anew, empty. */
  static async open(file: string): Promise<DescribedFile> {
    return new DescribedFile(await open(file, 'w', 0o644));
  }

  async put(bytes: Uint8Array): Promise<void> {
    if (bytes.length >= SHORT) {
      await this.#endShort();
      return this.#chunk(bytes);
    }
    this.#short.push(bytes);
    this.#shortLength += bytes.length;
    if (this.#shortLength >= SHORT) await this.#endShort();
  }

  /** A chunk to itself, however short. */
  async putAlone(bytes: Uint8Array): Promise<void> {
    await this.#endShort();
    await this.#chunk(bytes);
  }

  /** All of it is on the disk then. */
  async end(): Promise<Description> {
    await this.#endShort();
    await this.#flush();
    await this.#handle.sync();
    return this.#describer.end();
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  async #endShort(): Promise<void> {
    if (this.#short.length === 0) return;
    const chunk = Buffer.concat(this.#short);
    this.#short = [];
    this.#shortLength = 0;
    await this.#chunk(chunk);
  }

  async #chunk(bytes: Uint8Array): Promise<void> {
    this.#describer.add(bytes);
    if (this.#buffered + bytes.length > WRITE) await this.#flush();
    if (bytes.length > WRITE) return this.#write(bytes);
    this.#buffer.set(bytes, this.#buffered);
    this.#buffered += bytes.length;
  }

  async #flush(): Promise<void> {
    await this.#write(this.#buffer.subarray(0, this.#buffered));
    this.#buffered = 0;
  }

  /** A write may take less than it is given. */
  async #write(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      done += (await this.#handle.write(bytes, done)).bytesWritten;
    }
  }
}
