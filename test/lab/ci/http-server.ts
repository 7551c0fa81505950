/**
 * A real HTTP server to play a CI system with. It knows its routes with the parameters that the vendor documents, and refuses
 * every other: a client that hopes for more than is documented fails here. What happens between two calls, and which calls
 * fail and how, is up to the test.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export type CiCall = {
  readonly method: string;
  /** Decoded parts of the path. */
  readonly path: readonly string[];
  readonly query: ReadonlyMap<string, string>;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: IncomingMessage['headers'];
};

export type CiAnswer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, a string as it is, nothing as an empty body. */
  readonly body?: unknown;
};

/** How a call may fail. */
export type Failure =
  | 'unauthorised'
  | 'forbidden'
  | 'not found'
  | 'throttled'
  | 'broken'
  | 'empty body'
  | 'sign-in page'
  | 'redirect to a sign-in page'
  | 'half a body'
  | 'something else'
  | 'reset';
export const FAILURES: readonly Failure[] = [
  'unauthorised',
  'forbidden',
  'not found',
  'throttled',
  'broken',
  'empty body',
  'sign-in page',
  'redirect to a sign-in page',
  'half a body',
  'something else',
  'reset',
];

export type CiServer = {
  readonly url: string;
  /** `GET /a/b?c=d`, in order. */
  readonly calls: string[];
  /** Called before each call is answered, with its number from 0 on: what happens between two of ours. */
  meanwhile: (call: number) => void;
  /** How this call fails; null: it does not. */
  failing: (call: number) => Failure | null;
  close(): Promise<void>;
};

/** @param answer what the system answers; throws or returns 404 where it has no such route */
export async function startCiServer(answer: (call: CiCall) => CiAnswer): Promise<CiServer> {
  const http = createServer((request, response) => {
    void receive(request).then((call) => {
      const number = server.calls.length;
      server.calls.push(`${request.method} ${request.url}`);
      server.meanwhile(number);
      const failure = server.failing(number);
      if (failure !== null) fail(failure, response);
      else
        send(
          call === null ? { status: 400, body: { message: 'the body is no JSON object' } } : answer(call),
          response,
        );
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const address = http.address();
  if (typeof address !== 'object' || address === null) throw new Error('the server listens on no port');
  const server: CiServer = {
    url: `http://127.0.0.1:${address.port}`,
    calls: [],
    meanwhile: () => undefined,
    failing: () => null,
    close: () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
  return server;
}

/** Refuses parameters that the vendor does not document for the route. */
export function unknownParameter(
  call: CiCall,
  query: readonly string[],
  body: readonly string[] = [],
): CiAnswer | null {
  const extra = [
    ...[...call.query.keys()].filter((name) => !query.includes(name)),
    ...Object.keys(call.body).filter((name) => !body.includes(name)),
  ];
  return extra.length === 0
    ? null
    : { status: 400, body: { message: `unknown parameter: ${extra.join(', ')}` } };
}

export const NOT_FOUND: CiAnswer = { status: 404, body: { message: 'Not Found' } };

async function receive(request: IncomingMessage): Promise<CiCall | null> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const url = new URL(request.url ?? '/', 'http://localhost');
  const body = objectOf(Buffer.concat(chunks).toString('utf8'), request.headers['content-type']);
  if (body === null) return null;
  return {
    method: request.method ?? '',
    path: url.pathname.split('/').filter(Boolean).map(decodeURIComponent),
    query: new Map(url.searchParams),
    body,
    headers: request.headers,
  };
}

function objectOf(text: string, type: string | undefined): Record<string, unknown> | null {
  if (text === '') return {};
  if (type !== 'application/json') return null;
  const parsed: unknown = JSON.parse(text);
  return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? { ...parsed } : null;
}

function send({ status, headers = {}, body }: CiAnswer, response: ServerResponse): void {
  const json = typeof body === 'object' && body !== null;
  response.writeHead(status, {
    ...(json ? { 'content-type': 'application/json; charset=utf-8' } : {}),
    ...headers,
  });
  response.end(json ? JSON.stringify(body) : body);
}

const SIGN_IN = '<!DOCTYPE html><html><title>Sign in</title></html>';

/** Failures that are an answer; the others break the connection. */
const ANSWERS: Partial<Record<Failure, CiAnswer>> = {
  unauthorised: { status: 401, body: { message: 'Bad credentials' } },
  forbidden: { status: 403, body: { message: 'Forbidden' } },
  'not found': NOT_FOUND,
  throttled: { status: 429, headers: { 'retry-after': '30' }, body: { message: 'TF400733' } },
  broken: { status: 500, body: 'Internal Server Error' },
  'empty body': { status: 200 },
  'sign-in page': { status: 203, headers: { 'content-type': 'text/html' }, body: SIGN_IN },
  'redirect to a sign-in page': { status: 302, headers: { location: 'http://127.0.0.1:1/sign-in' } },
  'something else': { status: 200, body: { hello: 'world' } },
};

function fail(failure: Failure, response: ServerResponse): void {
  const answer = ANSWERS[failure];
  if (answer !== undefined) {
    send(answer, response);
    return;
  }
  if (failure === 'half a body') {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
    response.write('{"count": 1, "value": [{"id"');
  }
  response.destroy();
}
