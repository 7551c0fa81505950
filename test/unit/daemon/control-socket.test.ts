/** The control socket, with someone at the other end who is not of our version, or not of ours at all. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askDaemon } from '../../../reconciler/daemon/control-socket.ts';
import { handleRequest } from '../../../reconciler/daemon/handle-request.ts';
import type { PauseRequest } from '../../../reconciler/daemon/pausing.ts';

let folder: string;
let server: Server | null = null;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'boxreeve-socket-'));
});
afterEach(async () => {
  await new Promise((resolve) => (server === null ? resolve(null) : server.close(resolve)));
  server = null;
  rmSync(folder, { recursive: true, force: true });
});

async function answering(text: string): Promise<string> {
  const path = join(folder, 's');
  server = createServer((socket) => socket.once('data', () => socket.end(text)));
  await new Promise<void>((resolve) => server?.listen(path, resolve));
  return path;
}

describe('an answer', () => {
  it.each([
    'no JSON\n',
    '{}\n',
    'null\n',
    '{"ok":false,"error":{"toString":null},"exitCode":1}\n',
    '{"ok":false,"error":"x","exitCode":"y"}\n',
  ])('that is none of ours ends the question with a word: %j', async (text) => {
    await expect(askDaemon(await answering(text), {}, 0)).rejects.toThrow(
      'an answer that is not one of ours',
    );
  });

  it('of a refusal has its words and its exit code', async () => {
    const path = await answering('{"ok":false,"error":"no","exitCode":3}\nand more');
    expect(await askDaemon(path, {}, 0)).toEqual({ ok: false, error: 'no', exitCode: 3 });
  });
});

describe('a request', () => {
  it('to pause until something that is no time, or what is no guest, is refused, and nothing is paused', async () => {
    const paused: PauseRequest[] = [];
    const service = {
      sync: () => Promise.reject(new Error('not asked for')),
      pause: async (request: PauseRequest) => void paused.push(request),
      resume: async () => false,
      tendBoxes: () => Promise.reject(new Error('not asked for')),
      status: () => null,
      close: async () => undefined,
    };
    for (const guest of [7, {}, ['azure-agent']])
      await expect(handleRequest(service, { command: 'pause', reason: 'r', guest })).rejects.toThrow(
        'is no name of a guest',
      );
    for (const until of ['tomorrow', 7, {}])
      await expect(handleRequest(service, { command: 'pause', reason: 'r', until })).rejects.toThrow(
        'is no time',
      );
    await handleRequest(service, { command: 'pause', reason: 'r', until: null });
    expect(paused).toEqual([{ reason: 'r', until: null, guest: null }]);
  });
});
