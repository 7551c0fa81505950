/** A link of limited speed to a server on this host: it counts what comes through. */
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

export type CappedLink = {
  readonly port: number;
  /** Bytes from the server that came through. */
  moved(): number;
  close(): Promise<void>;
};

const PIECE = 16 * 1024;

/** @param rate bytes a second from the server, all connections together */
export async function openLink(port: number, rate: number): Promise<CappedLink> {
  const sockets = new Set<Socket>();
  let moved = 0;
  let freeAt = 0;

  async function pass(from: Socket, to: Socket): Promise<void> {
    for await (const bytes of from) {
      const all: Buffer = bytes;
      for (let at = 0; at < all.length; at += PIECE) {
        const piece = all.subarray(at, at + PIECE);
        freeAt = Math.max(freeAt, Date.now()) + (piece.length / rate) * 1000;
        const ahead = freeAt - Date.now();
        if (ahead > 0) await wait(ahead);
        if (to.destroyed) return;
        moved += piece.length;
        to.write(piece);
        while (to.writableNeedDrain && !to.destroyed) await wait(1);
      }
    }
    to.end();
  }

  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far);
    pass(far, near).catch(() => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the link does not listen');
  return {
    port: address.port,
    moved: () => moved,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
