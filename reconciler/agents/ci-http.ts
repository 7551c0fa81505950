/**
 * Requests to a CI system. Whatever is not a plain answer of the API is an error with a sentence in it: no answer in time, a
 * redirect, a sign-in page, an empty or cut body, being throttled. Callers turn these into "cannot tell".
 *
 * - Redirects are not followed: a token must not travel to another host. A caller may allow one where it is the answer.
 * - `Retry-After` (RFC 9110, seconds or a date) and `X-RateLimit-Reset` (seconds since the epoch) are honoured for the whole
 *   process: until then nothing is sent to that server.
 * - Nothing is sent twice by itself: only a caller knows what may be repeated.
 */
import { type Clock, HOUR, iso, MINUTE, SECOND } from '../clock.ts';
import { oneLine } from '../one-line.ts';

/** What went wrong, in a sentence for a person; `status` where the server did answer. Never carries a token. */
export class CiCallFailed extends Error {
  readonly status: number | null;
  constructor(message: string, status: number | null) {
    super(message);
    this.status = status;
  }
}

export type CiReply = {
  readonly status: number;
  /** Parsed body; undefined where the body is empty. */
  readonly body: unknown;
  readonly headers: Headers;
};

export type CiRequest = {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the server's address, with each part encoded (see `pathOf`). */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Beside those that each request has. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What the server says does not matter: it may be no JSON, as that of a webhook seldom is. */
  readonly anyAnswer?: true;
  /** Statuses that are an answer; 200 if left out. */
  readonly expect?: readonly number[];
  readonly signal?: AbortSignal | undefined;
};

export type CiServer = {
  /** `dev.azure.com`, for sentences. */
  readonly host: string;
  readonly call: (request: CiRequest) => Promise<CiReply>;
};

export type CiServerOptions = {
  /** Address of the server, `http` or `https`, with or without a path. */
  readonly url: string;
  /** Asked for at each call: a token may be renewed while we run. */
  readonly headers: () => Promise<Readonly<Record<string, string>>>;
  /** Takes the token out of what the server says: some answer a wrong one by quoting it. */
  readonly redact: (text: string) => string;
  readonly clock: Pick<Clock, 'now'>;
  readonly fetch: typeof fetch;
  /** By server, until when nothing may be sent: shared by all agents of a process. */
  readonly waits: Map<string, number>;
};

const LIMIT = 30 * SECOND;
/** A server that asks for more than this is not obeyed for longer, lest a wrong date silences us for ever. */
const LONGEST_WAIT = HOUR;
const WAIT_WITHOUT_WORD = MINUTE;
/** Largest body read, in bytes. */
const LARGEST = 4 * 1024 * 1024;

/** Throws CiCallFailed at the first call where the address cannot be used. */
export function ciServer(options: CiServerOptions): CiServer {
  const base = addressOf(options.url);
  return {
    host: base?.host ?? options.url,
    call: async (request) => {
      if (base === null) throw new CiCallFailed(`${options.url} is not an http or https address`, null);
      return call(base, request, options);
    },
  };
}

/** `/a/b` with each part percent-encoded: a name from the infra repo cannot become another path. Throws CiCallFailed. */
export function pathOf(...parts: readonly (string | number)[]): string {
  // A part of dots is a step up in a URL, also when encoded.
  if (parts.some((part) => /^\.{0,2}$/.test(String(part))))
    throw new CiCallFailed(`${parts.join('/')} is no path`, null);
  return parts.map((part) => `/${encodeURIComponent(part)}`).join('');
}

function addressOf(url: string): URL | null {
  if (!URL.canParse(url)) return null;
  const base = new URL(url.endsWith('/') ? url.slice(0, -1) : url);
  return base.protocol === 'https:' || base.protocol === 'http:' ? base : null;
}

async function call(base: URL, request: CiRequest, options: CiServerOptions): Promise<CiReply> {
  const until = options.waits.get(base.host) ?? 0;
  if (until > options.clock.now()) {
    throw new CiCallFailed(`${base.host} asked to be left alone until ${iso(until)}`, 429);
  }
  const response = await send(base, request, options);
  throttle(base.host, response, options);
  // before anything is cut off it or read from it: half a token is not known again
  const text = options.redact(await bodyOf(base.host, response));
  const expected = request.expect ?? [200];
  if (!expected.includes(response.status)) throw refusal(base.host, request, response, text);
  const body = request.anyAnswer ? undefined : parsed(base.host, response, text);
  return { status: response.status, body, headers: response.headers };
}

async function send(base: URL, request: CiRequest, options: CiServerOptions): Promise<Response> {
  const url = new URL(`${base.href.replace(/\/$/, '')}${request.path}`);
  for (const [name, value] of Object.entries(request.query ?? {})) url.searchParams.set(name, value);
  const limit = AbortSignal.timeout(LIMIT);
  const headers = { ...(await options.headers()), ...request.headers };
  // Checked here, since the error that fetch throws for it would quote the token.
  if (Object.values(headers).some((value) => !/^[\x20-\x7e]+$/.test(value))) {
    throw new CiCallFailed(
      `${base.host} cannot be asked: the token is empty or has characters that no token has`,
      null,
    );
  }
  try {
    return await options.fetch(url, {
      method: request.method ?? 'GET',
      redirect: 'manual',
      headers: {
        accept: 'application/json',
        ...(request.json === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(request.json === undefined ? {} : { body: JSON.stringify(request.json) }),
      signal: request.signal === undefined ? limit : AbortSignal.any([limit, request.signal]),
    });
  } catch (error) {
    throw new CiCallFailed(`${base.host} cannot be asked: ${reasonOf(error)}`, null);
  }
}

/** `fetch failed` says nothing: what says something is its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${LIMIT / SECOND} s`;
  return error.cause instanceof Error ? error.cause.message || error.message : error.message;
}

/** GitHub answers 403 as well as 429 when a limit is met. */
function throttle(host: string, response: Response, { clock, waits }: CiServerOptions): void {
  const wait = retryAfter(response.headers.get('retry-after'), clock.now());
  const spent = response.headers.get('x-ratelimit-remaining') === '0';
  const limited =
    response.status === 429 ||
    ((response.status === 403 || response.status === 503) && (spent || wait !== null));
  if (!limited) return;
  const reset = Number(response.headers.get('x-ratelimit-reset')) * SECOND - clock.now();
  const asked = wait ?? (reset > 0 ? reset : WAIT_WITHOUT_WORD);
  waits.set(host, clock.now() + Math.min(asked, LONGEST_WAIT));
}

function retryAfter(text: string | null, now: number): number | null {
  if (text === null) return null;
  if (/^\d+$/.test(text)) return Number(text) * SECOND;
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

async function bodyOf(host: string, response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body ?? []) {
      size += chunk.length;
      if (size > LARGEST)
        throw new CiCallFailed(`${host} answered with more than ${LARGEST} bytes`, response.status);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof CiCallFailed) throw error;
    throw new CiCallFailed(`${host} broke off its answer: ${reasonOf(error)}`, response.status);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(host: string, response: Response, text: string): unknown {
  if (text.trim() === '' || response.status >= 300) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new CiCallFailed(`${host} did not answer with JSON but with ${firstWords(text)}`, response.status);
  }
}

function refusal(host: string, request: CiRequest, response: Response, text: string): CiCallFailed {
  const { status } = response;
  const what = `${host} answered ${status} to ${request.method ?? 'GET'} ${request.path}`;
  if (status === 401) return new CiCallFailed(`${what}: the token is not accepted`, status);
  if (status === 203 || (status >= 300 && status < 400)) {
    return new CiCallFailed(`${what}: it wants someone to sign in; the token is not accepted`, status);
  }
  return new CiCallFailed(text.trim() === '' ? what : `${what}: ${messageOf(text)}`, status);
}

function messageOf(text: string): string {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === 'object' && body !== null && 'message' in body && typeof body.message === 'string') {
      return firstWords(body.message);
    }
  } catch {
    // Not JSON: its first words will do.
  }
  return firstWords(text);
}

function firstWords(text: string): string {
  return oneLine(text).replace(/\s+/g, ' ').trim().slice(0, 200);
}
