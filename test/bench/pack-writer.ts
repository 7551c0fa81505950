/** Writes Git objects into one pack, much faster than Git makes them one by one: for fixtures of many commits. */
import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { deflateSync } from 'node:zlib';
import { execa } from 'execa';

/** gitformat-pack(5). */
const TYPES = { commit: 1, tree: 2, blob: 3 } as const;
const OFS_DELTA = 6;
/** Bytes kept before they are written. */
const BUFFERED = 4 * 1024 * 1024;

/** What a later object may be written as a difference from. */
export type Base = { readonly offset: number; readonly size: number };

export class PackWriter {
  readonly #file: string;
  readonly #fd: number;
  readonly #hash: Hash = createHash('sha1');
  #parts: Buffer[] = [];
  #waiting = 0;
  #offset = 0;

  /** @param count how many objects will be written */
  constructor(file: string, count: number) {
    this.#file = file;
    this.#fd = openSync(file, 'w');
    const header = Buffer.from('PACK\0\0\0\x02\0\0\0\0', 'latin1');
    header.writeUInt32BE(count, 8);
    this.#put(header);
  }

  write(type: keyof typeof TYPES, content: Buffer): { id: string; base: Base } {
    const base = { offset: this.#offset, size: content.length };
    this.#put(objectHeader(TYPES[type], content.length));
    this.#put(deflateSync(content, { level: 1 }));
    return { id: objectId(type, content), base };
  }

  /** A tree that is another one and something more at its end. */
  writeAppended(content: Buffer, base: Base): { id: string; base: Base } {
    const here = { offset: this.#offset, size: content.length };
    const delta = appending(base.size, content);
    this.#put(objectHeader(OFS_DELTA, delta.length));
    this.#put(distance(this.#offset - objectHeader(OFS_DELTA, delta.length).length - base.offset));
    this.#put(deflateSync(delta, { level: 1 }));
    return { id: objectId('tree', content), base: here };
  }

  /** Makes the pack part of a repository. */
  async close(gitDir: string): Promise<void> {
    this.#flush();
    writeSync(this.#fd, this.#hash.digest());
    closeSync(this.#fd);
    await execa('git', [`--git-dir=${gitDir}`, 'index-pack', this.#file]);
  }

  #put(bytes: Buffer): void {
    this.#parts.push(bytes);
    this.#waiting += bytes.length;
    this.#offset += bytes.length;
    if (this.#waiting > BUFFERED) this.#flush();
  }

  #flush(): void {
    const all = Buffer.concat(this.#parts);
    this.#hash.update(all);
    writeSync(this.#fd, all);
    this.#parts = [];
    this.#waiting = 0;
  }
}

function objectId(type: string, content: Buffer): string {
  return createHash('sha1').update(`${type} ${content.length}\0`).update(content).digest('hex');
}

/** Type and size: four bits of it first, then seven at a time, the lowest first. */
function objectHeader(type: number, size: number): Buffer {
  const bytes: number[] = [];
  let rest = Math.floor(size / 16);
  let byte = (type << 4) | (size & 15);
  while (rest > 0) {
    bytes.push(byte | 0x80);
    byte = rest & 0x7f;
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, byte]);
}

/** Seven bits at a time, the highest first, each group but the last one less. */
function distance(bytes: number): Buffer {
  const groups = [bytes & 0x7f];
  for (let rest = Math.floor(bytes / 128); rest > 0; rest = Math.floor(rest / 128)) {
    rest -= 1;
    groups.unshift((rest & 0x7f) | 0x80);
  }
  return Buffer.from(groups);
}

function appending(size: number, content: Buffer): Buffer {
  const more = content.subarray(size);
  const copy = Buffer.from([0x80 | 0x10 | 0x20 | 0x40, size & 0xff, (size >> 8) & 0xff, (size >> 16) & 0xff]);
  return Buffer.concat([varint(size), varint(content.length), copy, Buffer.from([more.length]), more]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}
