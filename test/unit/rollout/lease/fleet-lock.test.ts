/** Against a server that does what the FleetLock protocol says: a lock for so many hosts of a group, taken again at will by its owner. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RemoteUnreachable } from '../../../../reconciler/errors.ts';
import { fleetLock } from '../../../../reconciler/rollout/lease/fleet-lock.ts';

const NEED = { guests: ['azure-agent'], slots: 1, lasts: 1000 };

let server: Server;
let url: string;
let owners: Set<string>;
let broken: boolean;

beforeEach(async () => {
  owners = new Set();
  broken = false;
  server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body: unknown = JSON.parse(await text(request));
  const fail = (status: number, kind: string, value: string) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ kind, value }));
  if (broken) return void fail(500, 'failed_lock', 'the database is away');
  if (request.method !== 'POST' || request.headers['fleet-lock-protocol'] !== 'true')
    return void fail(400, 'bad_request', 'no header fleet-lock-protocol');
  const id = JSON.stringify(body);
  if (request.url === '/v1/steady-state') owners.delete(id);
  else if (request.url !== '/v1/pre-reboot') return void fail(404, 'not_found', 'no such path');
  else if (!owners.has(id) && owners.size > 0) return void fail(409, 'failed_lock', 'all slots are taken');
  else owners.add(id);
  response.writeHead(200).end();
}

function host(name: string, at = url) {
  const state = { remembered: false };
  const leases = fleetLock({
    url: at,
    group: 'mac',
    host: name,
    remembered: () => state.remembered,
    remember: async (held) => {
      state.remembered = held;
    },
  });
  return { leases, state };
}

describe('a FleetLock server', () => {
  it('gives its lock to one host, again at will, and to the next when that has given it back', async () => {
    const [one, other] = [host('builder1'), host('builder2')];
    const held = { state: 'held', lease: { of: url, slots: [] } };
    expect(await one.leases.hold(NEED)).toEqual(held);
    expect(await one.leases.hold(NEED)).toEqual(held);
    expect([...owners]).toEqual(['{"client_params":{"id":"builder1","group":"mac"}}']);
    expect(await other.leases.hold(NEED)).toEqual({
      state: 'refused',
      why: `no lease: ${url} says 409 all slots are taken`,
    });
    await one.leases.release();
    expect(await other.leases.hold(NEED)).toEqual(held);
  });

  it('that was asked is told that the lock is not needed, also after a crash before its answer came', async () => {
    const before = host('builder1');
    before.state.remembered = true;
    owners.add('{"client_params":{"id":"builder1","group":"mac"}}');
    await before.leases.release();
    expect(owners.size).toBe(0);
    expect(before.state.remembered).toBe(false);
  });

  it('that cannot be asked gives nothing, and what is held stays remembered until it can', async () => {
    const one = host('builder1');
    await one.leases.hold(NEED);
    broken = true;
    expect(await one.leases.hold(NEED)).toMatchObject({ state: 'refused' });
    await expect(one.leases.release()).rejects.toThrow(RemoteUnreachable);
    expect(one.state.remembered).toBe(true);
    const nowhere = host('builder1', 'http://127.0.0.1:1');
    expect(await nowhere.leases.hold(NEED)).toMatchObject({
      why: expect.stringContaining('cannot be asked'),
    });
  });
});
