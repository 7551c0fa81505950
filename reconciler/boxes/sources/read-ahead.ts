/**
 * Bytes of a file that is far away, in order, with several questions under way at a time: one after the other, each would cost a round
 * trip.
 */

import type { SftpFile } from './sftp-connection.ts';
import { SourceMissed } from './source.ts';
import { untilAborted } from './until-aborted.ts';

/** Bytes of one question. OpenSSH answers it whole, at half of what four small ones would cost this side; others answer as they can. */
const QUESTION = 128 * 1024;
/** So many are under way, and in memory, at most: 2 MiB. */
const UNDER_WAY = 16;

/** Throws SourceMissed where the file ends before `to`. */
export async function* readAhead(
  file: Pick<SftpFile, 'read'>,
  from: number,
  to: number,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const asked: Promise<Uint8Array>[] = [];
  let next = from;
  for (let at = from; at < to; at += QUESTION) {
    for (; next < to && asked.length < UNDER_WAY; next += QUESTION) {
      const question = readWhole(file, next, Math.min(QUESTION, to - next));
      // of those that nobody comes to wait for
      question.catch(() => undefined);
      asked.push(question);
    }
    const part = asked.shift();
    if (part !== undefined) yield await untilAborted(part, signal);
  }
}

/** A server may give less than it was asked for, as long as it gives something. */
async function readWhole(file: Pick<SftpFile, 'read'>, from: number, length: number): Promise<Uint8Array> {
  const first = await file.read(from, length);
  if (first.length === length) return first;
  const parts = [first];
  for (let got = first.length; got < length; ) {
    const part = await file.read(from + got, length - got);
    if (part.length === 0) throw new SourceMissed(`ended at ${from + got} bytes`);
    parts.push(part);
    got += part.length;
  }
  return Buffer.concat(parts);
}
