/** What comes over the control socket, either way, and the status that was last written. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askDaemon, serveControlSocket } from '../../reconciler/daemon/control-socket.ts';
import { handleRequest } from '../../reconciler/daemon/handle-request.ts';
import type { PauseRequest } from '../../reconciler/daemon/pausing.ts';
import { lastStatus } from '../../reconciler/report/last-status.ts';
import {
  isStatusDocument,
  type StatusDocument,
  showStatus,
  statusExitCode,
} from '../../reconciler/report/status.ts';
import { stateDirLayout } from '../../reconciler/state-dir.ts';
import { expectPlain, holds } from './holds.ts';
import { damaged, damagedText } from './mutate.ts';
import { damagedJson } from './mutate-value.ts';

const REQUESTS = [
  { command: 'status' },
  { command: 'sync', forceWindow: true, dryRun: false, retryFailed: true },
  { command: 'pause', reason: 'r', until: '2026-01-14T20:00:00.000Z', guest: 'g' },
  { command: 'resume' },
  { command: 'box-prune', dryRun: true },
  { command: 'box-fetch', name: 'azure-ci-node', version: '1', provider: 'lxc' },
];

const STATUS: StatusDocument = {
  host: 'builder1',
  time: '2026-01-14T12:00:00.000Z',
  state: 'waiting',
  desired: { commit: 'ab'.repeat(20), subject: 's' },
  guests: [
    {
      name: 'azure-agent',
      machine: 'running',
      inSync: false,
      desiredBox: 'mini 2',
      box: 'mini 1',
      desiredFingerprint: 'a',
      fingerprint: null,
      folder: '/x',
    },
  ],
  pending: [{ action: 'rebuild-guest azure-agent', reason: 'r', gates: ['g'] }],
  held: ['h'],
  nextWindow: '2026-01-14T20:00:00.000Z',
  paused: { reason: 'r', until: null },
  holds: [{ guest: 'g', reason: 'r', until: null, place: null }],
  lastRecord: { sequence: 1, id: 'i', time: 't', kind: 'k', outcome: 'o', summary: 's' },
  unpushed: 2,
  refused: null,
  offline: 'away',
  stale: null,
  violations: [{ guest: 'azure-agent', kind: 'insecure-key', detail: 'vagrant gets in', refused: false }],
  auditProblem: null,
  notes: ['n'],
  daemon: null,
};

const folder = mkdtempSync(join(tmpdir(), 'boxreeve-fuzz-daemon-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a request', () => {
  const paused: { reason: unknown; until: unknown; guest: unknown }[] = [];
  const service = {
    sync: async () => Promise.reject(new Error('nothing to reconcile here')),
    pause: async (request: PauseRequest) => void paused.push(request),
    resume: async () => true,
    tendBoxes: () => Promise.reject(new Error('no boxes here')),
    status: () => STATUS,
    close: async () => undefined,
  };
  const path = join(folder, 'control.sock');
  let server: Server;
  beforeAll(async () => {
    // what a service does with requests is its own tests' matter: here it takes them as they are read
    server = await serveControlSocket(path, (request) => handleRequest(service, request));
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it('of any bytes is answered in one line of JSON, or not at all, and the daemon goes on', async () => {
    const cases = fc.oneof(
      damagedJson(REQUESTS).map((text) => Buffer.from(`${text}\n`)),
      damaged(REQUESTS.map((request) => `${JSON.stringify(request)}\n`)),
    );
    await holds(cases, async (bytes) => {
      const reply = await send(path, bytes);
      if (!bytes.includes('\n')) return expect(reply).toBe('');
      expect(reply.endsWith('\n')).toBe(true);
      const parsed: unknown = JSON.parse(reply);
      expectPlain(parsed);
      expect(parsed).toMatchObject({ ok: expect.any(Boolean) });
      for (const { reason, until, guest } of paused.splice(0)) {
        expect(typeof reason).toBe('string');
        if (guest !== null) expect(typeof guest).toBe('string');
        if (until !== null) expect(Number.isNaN(Date.parse(String(until)))).toBe(false);
      }
    });
  });
});

describe('an answer of the daemon', () => {
  const path = join(folder, 'answers.sock');
  let answer: Buffer = Buffer.alloc(0);
  let server: Server;
  beforeAll(async () => {
    server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.once('data', () => socket.end(answer));
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it('is one of ours, or an error that says that it is not', async () => {
    const replies = [
      { ok: true, document: STATUS },
      { ok: false, error: 'no', exitCode: 3 },
    ];
    const cases = fc.oneof(
      damagedJson(replies).map((text) => Buffer.from(`${text}\n`)),
      damaged(replies.map((reply) => `${JSON.stringify(reply)}\n`)),
    );
    await holds(cases, async (bytes) => {
      answer = bytes;
      const reply = await askDaemon(path, { command: 'status' }, 30_000).catch((error: unknown) => error);
      if (reply instanceof Error) return expect(reply.message).toMatch(/^the daemon |^a request too long/);
      if (typeof reply !== 'object' || reply === null) throw new Error('the daemon was there');
      if ('exitCode' in reply) expect(Number.isInteger(reply.exitCode)).toBe(true);
      if ('error' in reply) expect(typeof reply.error).toBe('string');
    });
  });
});

describe('the status that was last written', () => {
  it('can be shown, or counts as none', async () => {
    const dirs = stateDirLayout(folder);
    await holds(fc.oneof(damagedJson([STATUS]), damagedText([JSON.stringify(STATUS)])), (text) => {
      writeFileSync(dirs.status, text);
      const status = lastStatus(dirs);
      expect(isStatusDocument(status)).toBe(true);
      expect(showStatus(status)).toMatch(/\n$/);
      expect([0, 1]).toContain(statusExitCode(status));
    });
  });
});

function send(path: string, bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = createConnection(path);
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('error', () => undefined);
    socket.once('close', () => resolve(text));
    socket.end(bytes);
  });
}
