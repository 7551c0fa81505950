/** Chunk lists for tests. */
import { hash } from 'node:crypto';
import {
  type ChunkList,
  readChunkList,
  writeChunkList,
} from '../../../../reconciler/boxes/chunks/chunk-list.ts';

/** A list of chunks of these lengths, whose digests are those of nothing. */
export function listOf(lengths: readonly number[]): ChunkList {
  const sha256 = '00'.repeat(32);
  return readChunkList(writeChunkList(lengths.map((length) => ({ length, sha256 }))));
}

/** The list of a file that is cut every `length` bytes. */
export function listEvery(length: number, content: Buffer): ChunkList {
  const chunks: { length: number; sha256: string }[] = [];
  for (let at = 0; at < content.length; at += length) {
    const piece = content.subarray(at, at + length);
    chunks.push({ length: piece.length, sha256: hash('sha256', piece) });
  }
  return readChunkList(writeChunkList(chunks));
}
