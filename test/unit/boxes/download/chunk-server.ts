/** A real HTTP server of one box's file and its chunk list, that counts what it gives and misbehaves as told. */
import { createServer, type ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

export type ChunkManners = {
  content: Buffer;
  /** null: it has none. */
  list: Buffer | null;
  /** Whether ranges are given at all. */
  ranges: boolean;
  /** Whether a range's end counts, or all up to the file's end is given. */
  ends: boolean;
  /** Of each answer only so many bytes are given; then it is broken off. */
  most: number;
  /** After so many bytes in all nothing comes any more; connections stay. */
  stallAfter: number;
  /** Bytes a second, all connections together. */
  rate: number;
};

export type ChunkServer = {
  readonly url: string;
  readonly manners: ChunkManners;
  /** Bytes of the box that were given. */
  sent(): number;
  /** Ranges that were asked for. */
  readonly ranges: string[];
  close(): Promise<void>;
};

const PIECE = 16 * 1024;

export async function startChunkServer(content: Buffer, list: Buffer | null): Promise<ChunkServer> {
  const manners: ChunkManners = {
    content,
    list,
    ranges: true,
    ends: true,
    most: Number.POSITIVE_INFINITY,
    stallAfter: Number.POSITIVE_INFINITY,
    rate: Number.POSITIVE_INFINITY,
  };
  const ranges: string[] = [];
  let sent = 0;
  let freeAt = 0;

  async function give(response: ServerResponse, body: Buffer): Promise<void> {
    for (let at = 0; at < body.length && !response.destroyed; at += PIECE) {
      if (at >= manners.most) return void response.socket?.end();
      const piece = body.subarray(at, Math.min(at + PIECE, manners.most));
      if (sent + piece.length > manners.stallAfter) return;
      freeAt = Math.max(freeAt, Date.now()) + (piece.length / manners.rate) * 1000;
      const ahead = freeAt - Date.now();
      if (ahead > 0) await wait(ahead);
      if (response.destroyed) return;
      sent += piece.length;
      response.write(piece);
      while (response.writableNeedDrain && !response.destroyed) await wait(1);
    }
    response.end();
  }

  const server = createServer((request, response) => {
    if (request.url?.endsWith('.chunks')) {
      if (manners.list === null) response.writeHead(404).end();
      else response.writeHead(200).end(manners.list);
      return;
    }
    const { content } = manners;
    const [, from, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    if (from === undefined || !manners.ranges) {
      response.writeHead(200, { 'content-length': content.length });
      void give(response, content);
      return;
    }
    ranges.push(request.headers.range ?? '');
    const end = last === undefined || last === '' || !manners.ends ? content.length : Number(last) + 1;
    response.writeHead(206, {
      'content-range': `bytes ${from}-${end - 1}/${content.length}`,
      'content-length': end - Number(from),
    });
    void give(response, content.subarray(Number(from), end));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen');
  return {
    url: `http://127.0.0.1:${address.port}/image.box`,
    manners,
    sent: () => sent,
    ranges,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
