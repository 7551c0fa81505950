/** A box with a chunk list, a host's folder, and what others have of it. */
import { createHash, hash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { ChunkList } from '../../../../reconciler/boxes/chunks/chunk-list.ts';
import { bitmapOf, setBit } from '../../../../reconciler/boxes/download/bitmap.ts';
import { type FetchDeps, type Fetched, fetchBox } from '../../../../reconciler/boxes/fetch.ts';
import type { PeerSource } from '../../../../reconciler/boxes/peers/peer-source.ts';
import type { BoxSpec } from '../../../../reconciler/desired/spec.ts';
import { anySource } from '../any-source.ts';
import { type ChunkServer, startChunkServer } from './chunk-server.ts';
import { listEvery } from './lists.ts';

const CHUNK = 16 * 1024;

export type BoxLab = {
  readonly content: Buffer;
  readonly list: ChunkList;
  readonly sha256: string;
  /** This host's folder of boxes, and the file in it. */
  readonly boxes: string;
  readonly file: string;
  readonly warnings: string[];
  box(...sources: string[]): BoxSpec;
  fetch(box: BoxSpec, more?: Partial<FetchDeps>): Promise<Fetched>;
  server(content?: Buffer): Promise<ChunkServer>;
  /** Another folder, that has so many of the chunks as a fetch that was cut leaves them. */
  partOf(name: string, chunks: Iterable<number>, bytes?: Buffer): string;
  peers(...now: PeerSource[]): Pick<FetchDeps, 'peers'>;
};

export async function boxLab(content: Buffer): Promise<BoxLab> {
  const root = await mkdtemp(join(tmpdir(), 'boxreeve-chunked-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const list = listEvery(CHUNK, content);
  const sha256 = hash('sha256', content);
  const boxes = join(root, 'boxes');
  mkdirSync(boxes);
  const file = join(boxes, `${sha256}.box`);
  const warnings: string[] = [];
  const log = { info: () => {}, warn: (_: unknown, text?: string) => void warnings.push(text ?? '') };
  return {
    ...{ content, list, sha256, boxes, file, warnings },
    box: (...sources) => ({
      ...{ name: 'org/node', version: '2.0.0', provider: 'lxc', sha256, size: content.length, sources },
      chunks: createHash('sha256').update(list.bytes).digest('hex'),
    }),
    fetch: (box, more = {}) =>
      fetchBox(box, { file, log, signal: new AbortController().signal, source: anySource, ...more }),
    server: async (other = content) => {
      const server = await startChunkServer(other, list.bytes);
      onTestFinished(server.close);
      return server;
    },
    partOf: (name, chunks, bytes = content) => {
      const folder = name === 'boxes' ? boxes : join(root, name);
      mkdirSync(folder, { recursive: true });
      const part = Buffer.alloc(content.length);
      const have = bitmapOf(list.count);
      for (const chunk of chunks) {
        bytes.copy(part, list.at(chunk), list.at(chunk), list.at(chunk + 1));
        setBit(have, chunk, true);
      }
      writeFileSync(join(folder, `${sha256}.box.partial`), part);
      writeFileSync(join(folder, `${sha256}.box.have`), have);
      writeFileSync(join(folder, `${sha256}.chunks`), list.bytes);
      return folder;
    },
    peers: (...now) => ({ peers: async () => ({ now, later: [] }) }),
  };
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}
