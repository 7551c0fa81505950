/** Fields of SSH's wire format (RFC 4251, 5): each a length in four bytes, then as many bytes. Pure. */

/** Reads from the front; null once anything asked for was not there. */
export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** The next field; null if it is cut short. */
  field(): Buffer | null {
    const length = this.uint32();
    return length === null ? null : this.raw(length);
  }

  uint32(): number | null {
    return this.raw(4)?.readUInt32BE(0) ?? null;
  }

  /** The next `length` bytes. */
  raw(length: number): Buffer | null {
    const end = this.#at + length;
    if (end > this.#bytes.length) return null;
    const found = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return found;
  }

  /** Whether everything was read, and nothing is left. */
  get done(): boolean {
    return this.#at === this.#bytes.length;
  }
}

/** A field as it is written. */
export function wireField(content: Buffer | string): Buffer {
  const bytes = Buffer.isBuffer(content) ? content : Buffer.from(content, 'utf8');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
