/** Servers on a port of their own, closed when the test ends. */
import type { Server } from 'node:net';
import { onTestFinished } from 'vitest';

/** Starts it on loopback; returns `http://127.0.0.1:PORT`. */
export async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${portOf(server)}`;
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen');
  return address.port;
}
