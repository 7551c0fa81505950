/** What a web server gives, and what becomes of the connection that it comes by. */
import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openHttp } from '../../../../reconciler/boxes/sources/http.ts';
import { type BoxServer, startBoxServer } from '../box-server.ts';

const CONTENT = randomBytes(300_000);
const WHOLE = { from: 0, validator: null, to: null };
const open = () => openHttp(server.url, WHOLE, new AbortController().signal);

let server: BoxServer;
beforeEach(async () => {
  server = await startBoxServer(CONTENT);
});
afterEach(() => server.close());

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

test('what nobody has begun to read comes whole, though garbage was collected meanwhile', async () => {
  const body = await open();
  for (let round = 0; round < 5; round += 1) {
    collectGarbage();
    await wait(5);
  }
  const pieces: Uint8Array[] = [];
  for await (const piece of body.chunks) pieces.push(piece);
  expect(Buffer.concat(pieces).equals(CONTENT)).toBe(true);
});

test('what is let go of while it comes leaves no connection behind', async () => {
  server.manners.stopAfter = 100_000;
  const body = await open();
  const reading = body.chunks[Symbol.asyncIterator]();
  expect((await reading.next()).done).toBe(false);
  expect(await server.connections()).toBe(1);
  body.close();
  while ((await server.connections()) > 0) await wait(5);
});
