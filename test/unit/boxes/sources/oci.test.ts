import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { ociSource } from '../../../../reconciler/boxes/sources/oci.ts';

const content = Buffer.from('a box, or as good as one');
const digest = createHash('sha256').update(content).digest('hex');
const start = { from: 0, validator: null, to: null };

const running: Server[] = [];
afterEach(async () => {
  for (const server of running.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

type Seen = { readonly path: string; readonly authorization: string | undefined };

/** A server of its own on loopback; `seen` is what it was asked. */
async function serve(
  answer: (request: IncomingMessage, response: ServerResponse, origin: string) => void,
): Promise<{ host: string; origin: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  let origin = '';
  const server = createServer((request, response) => {
    seen.push({ path: request.url ?? '', authorization: request.headers.authorization });
    answer(request, response, origin);
  });
  running.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  origin = `http://127.0.0.1:${address.port}`;
  return { host: `127.0.0.1:${address.port}`, origin, seen };
}

/** As a registry gives a blob, in ranges too. */
function giveBlob(request: IncomingMessage, response: ServerResponse): void {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  if (from === undefined) {
    response.end(content);
    return;
  }
  const end = to === '' ? content.length : Number(to) + 1;
  response.writeHead(206, { 'content-range': `bytes ${from}-${end - 1}/${content.length}` });
  response.end(content.subarray(Number(from), end));
}

async function read(address: string, resume: Parameters<ReturnType<typeof ociSource>['open']>[0] = start) {
  const body = await ociSource(address, digest).open(resume, new AbortController().signal);
  const parts: Uint8Array[] = [];
  for await (const part of body.chunks) parts.push(part);
  return { from: body.from, text: Buffer.concat(parts).toString() };
}

describe('a registry', () => {
  it.each(['', ':2022.2.24', `@sha256:${'ab'.repeat(32)}`, `:v1@sha256:${'ab'.repeat(32)}`])(
    'gives the file whose digest is catalogued, whatever the tag is (%s)',
    async (reference) => {
      const registry = await serve(giveBlob);
      expect(await read(`oci://${registry.host}/ci/boxes/azure-ci-node${reference}`)).toEqual({
        from: 0,
        text: content.toString(),
      });
      expect(registry.seen).toEqual([
        { path: `/v2/ci/boxes/azure-ci-node/blobs/sha256:${digest}`, authorization: undefined },
      ]);
    },
  );

  it('gives a part of it', async () => {
    const registry = await serve(giveBlob);
    const part = await read(`oci://${registry.host}/box`, { from: 2, validator: null, to: 5 });
    expect(part).toEqual({ from: 2, text: 'box' });
  });

  it('is given the token that it asks for, for reading this name alone, and its storage is not', async () => {
    const storage = await serve(giveBlob);
    const registry = await serve((request, response, origin) => {
      if (request.url?.startsWith('/token') === true) {
        response.end(JSON.stringify({ token: 'abc.def' }));
      } else if (request.headers.authorization !== 'Bearer abc.def') {
        const challenge = `Bearer realm="${origin}/token",service="here",scope="repository:all:push"`;
        response.writeHead(401, { 'www-authenticate': challenge }).end();
      } else {
        response.writeHead(307, { location: `${storage.origin}/blob` }).end();
      }
    });
    expect((await read(`oci://${registry.host}/box`)).text).toBe(content.toString());
    expect(registry.seen.map(({ path }) => path)[1]).toBe(
      '/token?service=here&scope=repository%3Abox%3Apull',
    );
    expect(storage.seen).toEqual([{ path: '/blob', authorization: undefined }]);
  });

  it.each([
    ['nothing', {}, 'names no place that gives tokens to everybody'],
    [
      'a password',
      { 'www-authenticate': 'Basic realm="x"' },
      'names no place that gives tokens to everybody',
    ],
    [
      'a token from a place that is not https',
      { 'www-authenticate': 'Bearer realm="http://auth.example.org/token"' },
      'names no place that gives tokens to everybody',
    ],
  ])('that asks for %s is passed over', async (_what, headers: Record<string, string>, message) => {
    const registry = await serve((_request, response) => void response.writeHead(401, headers).end());
    await expect(read(`oci://${registry.host}/box`)).rejects.toThrow(message);
  });

  it.each([
    ['no JSON', 'hello', 'gave no token'],
    ['a token with a line break in it', JSON.stringify({ token: 'a\r\nx: y' }), 'gave no token'],
    ['too much', 'x'.repeat(100_000), 'answers too much'],
  ])('whose token is %s is passed over', async (_what, said, message) => {
    const registry = await serve((request, response, origin) => {
      if (request.url?.startsWith('/token') === true) response.end(said);
      else response.writeHead(401, { 'www-authenticate': `Bearer realm="${origin}/token"` }).end();
    });
    await expect(read(`oci://${registry.host}/box`)).rejects.toThrow(message);
  });

  it('that does not have it says so', async () => {
    const registry = await serve((_request, response) => void response.writeHead(404).end());
    await expect(read(`oci://${registry.host}/box`)).rejects.toThrow('answers 404 Not Found');
  });

  it.each([
    'oci://registry',
    'oci://registry/',
    'oci://registry/Upper',
    'oci://registry/a/../b',
    'oci://u:p@r/b',
  ])('%s is no address of one', (address) => {
    expect(() => ociSource(address, digest)).toThrow('is no address of a registry');
  });
});
