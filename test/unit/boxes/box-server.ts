/** A real HTTP server that gives one file, and misbehaves as told. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Manners = {
  content: Buffer;
  /** Stops after so many bytes of the body, and keeps the connection; null: never. */
  stopAfter: number | null;
  /** Whether ranges are given. */
  ranges: boolean;
  headers: Record<string, string>;
  /** Tells the size beforehand. */
  tellsSize: boolean;
  status: number | null;
};

export type BoxServer = {
  readonly url: string;
  readonly manners: Manners;
  /** Headers of every request so far. */
  readonly requests: IncomingMessage['headers'][];
  /** How many are open. */
  connections(): Promise<number>;
  /** Breaks off every connection. */
  breakOff(): void;
  close(): Promise<void>;
};

export async function startBoxServer(content: Buffer): Promise<BoxServer> {
  const manners: Manners = {
    content,
    stopAfter: null,
    ranges: true,
    headers: {},
    tellsSize: true,
    status: null,
  };
  const requests: BoxServer['requests'] = [];
  const server = createServer((request, response) => {
    requests.push(request.headers);
    answer(request, response, manners);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${portOf(server)}/image.box`,
    manners,
    requests,
    connections: () =>
      new Promise((resolve, reject) => {
        server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
      }),
    breakOff: () => server.closeAllConnections(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(request: IncomingMessage, response: ServerResponse, manners: Manners): void {
  const { content, stopAfter, headers } = manners;
  const from = rangeAsked(request, manners);
  if (manners.status !== null) {
    response.writeHead(manners.status, headers).end();
    return;
  }
  if (from >= content.length) {
    response.writeHead(416, headers).end();
    return;
  }
  const body = content.subarray(from);
  response.writeHead(from > 0 ? 206 : 200, {
    ...headers,
    ...(from > 0 ? { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` } : {}),
    ...(manners.tellsSize ? { 'content-length': String(body.length) } : {}),
  });
  if (stopAfter === null) response.end(body);
  else response.write(body.subarray(0, stopAfter));
}

/** RFC 9110, 13.1.5: with another version there, the whole of it. */
function rangeAsked({ headers }: IncomingMessage, manners: Manners): number {
  const from = /^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1];
  if (from === undefined || !manners.ranges) return 0;
  const version = headers['if-range'];
  const now = [manners.headers.etag, manners.headers['last-modified']];
  return version === undefined || now.includes(String(version)) ? Number(from) : 0;
}

function portOf(server: Server): number {
  return addressOf(server.address()).port;
}

function addressOf(address: string | AddressInfo | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new Error('the server does not listen');
  return address;
}
