/**
 * The daemon's control socket: one JSON document a line, one request a connection. Only the user who runs the daemon can
 * connect (mode 0600 in a folder of mode 0700).
 */
import { chmodSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { BoxreeveError, ExitCode } from '../errors.ts';

export type Reply = { ok: true; document: unknown } | { ok: false; error: string; exitCode: number };

const LONGEST_LINE = 1024 * 1024;

/**
 * Serves requests until closed. The caller holds the host lock, so a socket file already there is a dead daemon's and is
 * replaced.
 */
export async function serveControlSocket(
  path: string,
  handle: (request: unknown) => Promise<unknown>,
): Promise<Server> {
  rmSync(path, { force: true });
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    readLine(socket).then(
      async (line) => socket.end(`${JSON.stringify(await replyTo(line, handle))}\n`),
      () => socket.destroy(),
    );
  });
  const before = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
  } finally {
    process.umask(before);
  }
  chmodSync(path, 0o600);
  return server;
}

async function replyTo(line: string, handle: (request: unknown) => Promise<unknown>): Promise<Reply> {
  try {
    return { ok: true, document: await handle(JSON.parse(line)) };
  } catch (error) {
    return {
      ok: false,
      error: error instanceof Error ? error.message : String(error),
      exitCode: exitCodeOf(error),
    };
  }
}

function exitCodeOf(error: unknown): ExitCode {
  return error instanceof BoxreeveError ? error.exitCode : ExitCode.failed;
}

/** Sends one request. Resolves to undefined if no daemon answers there. `patienceMs` 0 waits for as long as it takes. */
export async function askDaemon(
  path: string,
  request: unknown,
  patienceMs: number,
): Promise<Reply | undefined> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    if (patienceMs > 0)
      socket.setTimeout(patienceMs, () => socket.destroy(new Error('the daemon does not answer')));
    let connected = false;
    socket.once('connect', () => {
      connected = true;
      socket.write(`${JSON.stringify(request)}\n`);
    });
    socket.once('error', (error) => (connected ? reject(error) : resolve(undefined)));
    readLine(socket).then(parseReply).then(resolve, reject);
  });
}

/** Throws if it is none. */
function parseReply(line: string): Reply {
  const value = jsonOf(line);
  if (typeof value === 'object' && value !== null && 'ok' in value) {
    if (value.ok === true && 'document' in value) return { ok: true, document: value.document };
    if ('error' in value && 'exitCode' in value) {
      const { error, exitCode } = value;
      if (typeof error === 'string' && Number.isInteger(exitCode))
        return { ok: false, error, exitCode: Number(exitCode) };
    }
  }
  throw new Error('the daemon gave an answer that is not one of ours: is it of another version?');
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function readLine(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.setEncoding('utf8');
    const take = (chunk: string) => {
      const end = chunk.indexOf('\n');
      text += end < 0 ? chunk : chunk.slice(0, end);
      if (end < 0 && text.length <= LONGEST_LINE) return;
      // whatever follows is not kept
      socket.off('data', take).resume();
      if (end < 0) reject(new Error('a request too long'));
      else resolve(text);
    };
    socket.on('data', take);
    socket.once('close', () => reject(new Error('the daemon ended before it answered')));
  });
}
