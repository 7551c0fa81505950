/**
 * `<file>.partial`: what is here of a file that is being fetched. It gets the file's name when all of it is here, its digest
 * is right, and it is safely on the disk. Beside it, `<file>.partial.from` says where it came from.
 */
import { createHash, type Hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import writeFileAtomic from 'write-file-atomic';
import { isObject } from '../observed/vagrant-files.ts';
import { haveOf, originOf, partialOf } from './download/files.ts';
import { local, syncFolder, writeAll } from './local-disk.ts';
import { type Resume, type SourceBody, SourceMissed } from './sources/source.ts';

/** What came has all its bytes, and is not what is catalogued. */
export class WrongDigest extends SourceMissed {
  readonly resumed: boolean;
  constructor(got: string, expected: string, resumed: boolean) {
    super(`has SHA-256 ${got}, and ${expected} is catalogued`);
    this.resumed = resumed;
  }
}

type Expected = { readonly size: number; readonly sha256: string };

/** Bytes that are here already; 0 if there is nothing of use. A partial with holes, fetched by chunks, is not. */
export async function bytesHere(file: string, { size }: Expected): Promise<number> {
  if (existsSync(haveOf(file))) return 0;
  const here = (await stat(partialOf(file)).catch(() => null))?.size ?? 0;
  return here <= size ? here : 0;
}

/** What a header may hold (RFC 9110, 5.5): with anything else in one, no request would be sent at all. */
const HEADER = /^[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?$/;

/** How a source may go on with what is here. */
export async function resumeFor(file: string, expected: Expected, source: string): Promise<Resume> {
  const from = await bytesHere(file, expected);
  const origin = await readFile(originOf(file), 'utf8')
    .then(JSON.parse)
    .catch(() => null);
  if (!isObject(origin) || origin.source !== source || typeof origin.validator !== 'string')
    return { from, validator: null, to: null };
  return { from, validator: HEADER.test(origin.validator) ? origin.validator : null, to: null };
}

/** Whether all of it was here, and right, and is the file now: the last fetch died just before its end. */
export async function completeFromPartial(file: string, expected: Expected): Promise<boolean> {
  const { size } = expected;
  if ((await bytesHere(file, expected)) < size) return false;
  const nothing = { from: size, size, validator: null, chunks: Readable.from([]), close: () => {} };
  try {
    await take(file, expected, nothing, new AbortController().signal);
    return true;
  } catch (error) {
    if (error instanceof SourceMissed) return false;
    throw error;
  }
}

/**
 * Writes what a source gives, from where it gives it, and makes it the file if it is right. Throws SourceMissed (what is here
 * is thrown away if it is of no use), BoxNotWritten, DiskShort, or why the source broke off (what is here is kept).
 */
export async function receive(
  file: string,
  expected: Expected,
  source: string,
  body: SourceBody,
  signal: AbortSignal,
): Promise<void> {
  try {
    if (body.size !== null && body.size !== expected.size) {
      throw new SourceMissed(`has ${body.size} bytes, and ${expected.size} are catalogued`);
    }
    const origin = JSON.stringify({ source, validator: body.validator });
    await local(file, writeFileAtomic(originOf(file), origin, { mode: 0o600 }));
    await take(file, expected, body, signal);
  } finally {
    body.close();
  }
}

async function take(file: string, expected: Expected, body: SourceBody, signal: AbortSignal): Promise<void> {
  const partial = partialOf(file);
  await rm(haveOf(file), { force: true });
  const handle = await local(file, open(partial, body.from > 0 ? 'r+' : 'w', 0o644));
  try {
    await write(handle, file, expected, body, signal);
    await local(file, handle.sync());
  } catch (error) {
    if (error instanceof SourceMissed) await discard(file);
    throw error;
  } finally {
    await handle.close();
  }
  await local(
    file,
    rename(partial, file).then(() => syncFolder(dirname(file))),
  );
  await rm(originOf(file), { force: true });
}

async function write(
  handle: FileHandle,
  file: string,
  expected: Expected,
  { from, chunks }: SourceBody,
  signal: AbortSignal,
): Promise<void> {
  await local(file, handle.truncate(from));
  const hash = createHash('sha256');
  await local(file, feed(hash, handle, from));
  let size = from;
  for await (const chunk of chunks) {
    signal.throwIfAborted();
    if (size + chunk.length > expected.size) {
      throw new SourceMissed(`gives more than the ${expected.size} bytes that are catalogued`);
    }
    await local(file, writeAll(handle, chunk, size));
    hash.update(chunk);
    size += chunk.length;
  }
  if (size < expected.size) throw new Error(`broke off after ${size} of ${expected.size} bytes`);
  const digest = hash.digest('hex');
  if (digest !== expected.sha256) throw new WrongDigest(digest, expected.sha256, from > 0);
}

const PIECE = 1024 * 1024;

/** Hashes what is here already. */
async function feed(hash: Hash, handle: FileHandle, end: number): Promise<void> {
  const buffer = Buffer.alloc(Math.min(PIECE, end));
  for (let at = 0; at < end; ) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, end - at), at);
    if (bytesRead === 0) throw new Error('it was shortened by someone else');
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
}

async function discard(file: string): Promise<void> {
  await rm(partialOf(file), { force: true });
  await rm(originOf(file), { force: true });
}
