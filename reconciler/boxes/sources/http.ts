/**
 * `https://…` and `http://…`. A cut download is gone on with by a range (RFC 9110, 14.2), under If-Range where the same server
 * gave the beginning, so that a file that changed meanwhile is not joined to it (VAGRANT.md trap 5).
 */
import { type OpenSource, type Resume, reasonOf, type SourceBody, SourceMissed } from './source.ts';

/** Limit on waiting for an answer, not on the download, in milliseconds. */
const ANSWER_LIMIT = 60_000;
const MOST_REDIRECTS = 10;

/** The server wants to know who asks; `challenge` is what it says of how to tell (RFC 9110, 11.6.1). */
export class Unauthorized extends SourceMissed {
  readonly challenge: string;
  constructor(challenge: string) {
    super('answers 401 Unauthorized');
    this.challenge = challenge;
  }
}

export const openHttp: OpenSource = (source, resume, signal) => {
  const url = URL.parse(source);
  if (url === null) throw new SourceMissed('is no address');
  return openUrl(url, resume, signal);
};

/** More headers of a request, which may depend on whom it goes to. */
export type HeadersFor = (url: URL) => Record<string, string>;

/** Rejects with SourceMissed, with Unauthorized where the server wants to know who asks. */
export async function openUrl(
  url: URL,
  resume: Resume,
  signal: AbortSignal,
  more: HeadersFor = () => ({}),
): Promise<SourceBody> {
  const response = await follow(url, (to) => ({ ...headersFor(resume), ...more(to) }), signal);
  const { body, status, statusText } = response;
  const place = status === 206 ? rangeOf(response, resume.from) : { from: 0, size: sizeOf(response) };
  if ((status === 200 || status === 206) && body !== null && place !== null) {
    return { ...place, validator: validatorOf(response), ...reading(body) };
  }
  letGo(body);
  // a range that the server cannot or will not give
  if ((status === 416 || status === 206) && resume.from > 0) {
    return openUrl(url, { from: 0, validator: null, to: null }, signal, more);
  }
  if (status === 401) throw new Unauthorized(response.headers.get('www-authenticate') ?? '');
  throw new SourceMissed(`answers ${status} ${statusText}`.trim());
}

/**
 * What is to be read of a body, by a reader that has it from now on: one that nobody has begun to read is ended, as if it had come
 * whole, when its Response is garbage (https://github.com/nodejs/undici, lib/web/fetch/response.js); and one that is read can be let
 * go of by its reader alone.
 */
function reading(body: ReadableStream<Uint8Array>): Pick<SourceBody, 'chunks' | 'close'> {
  const reader = body.getReader();
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  }
  // one that has broken off already cannot be let go of
  return { chunks: pieces(), close: () => void reader.cancel().catch(() => undefined) };
}

/** A box is an archive: a server that takes it for compressed text must not unpack it on the way. */
function headersFor({ from, validator, to }: Resume): Record<string, string> {
  const range = from > 0 || to !== null ? { range: `bytes=${from}-${to === null ? '' : to - 1}` } : {};
  return {
    'accept-encoding': 'identity',
    ...range,
    ...(from > 0 && validator !== null ? { 'if-range': validator } : {}),
  };
}

/** Redirects are followed here, so that none leads from https to http, not even for one request. */
async function follow(start: URL, headers: HeadersFor, signal: AbortSignal): Promise<Response> {
  let url = start;
  for (let hop = 0; hop <= MOST_REDIRECTS; hop += 1) {
    const response = await ask(url, headers(url), signal);
    const location = isRedirect(response.status) ? response.headers.get('location') : null;
    if (location === null) return response;
    letGo(response.body);
    url = redirectedTo(location, url);
  }
  throw new SourceMissed(`redirects more than ${MOST_REDIRECTS} times`);
}

function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status);
}

/** Never from https to anything else. Throws SourceMissed. Pure. */
export function redirectedTo(location: string, from: URL): URL {
  const to = URL.parse(location, from.href);
  if (to === null) throw new SourceMissed('redirects to something that is no address');
  if (to.protocol !== 'https:' && (to.protocol !== 'http:' || from.protocol === 'https:')) {
    throw new SourceMissed(
      `redirects to ${to.origin === 'null' ? to.protocol : to.origin}, which is not https`,
    );
  }
  return to;
}

async function ask(url: URL, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
  if (url.username !== '' || url.password !== '')
    throw new SourceMissed('has a user name in it, which is not supported');
  const late = new AbortController();
  const timer = setTimeout(
    () => late.abort(new Error(`does not answer within ${ANSWER_LIMIT / 1000} s`)),
    ANSWER_LIMIT,
  );
  try {
    return await fetch(url, { headers, redirect: 'manual', signal: AbortSignal.any([signal, late.signal]) });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new SourceMissed(`cannot be reached: ${reasonOf(error)}`);
  } finally {
    clearTimeout(timer);
  }
}

type Place = Pick<SourceBody, 'from' | 'size'>;

/** null unless it begins where it was asked to. */
function rangeOf({ headers }: Response, from: number): Place | null {
  const [, first, total] =
    /^bytes (\d{1,15})-\d+\/(\d{1,15}|\*)$/.exec(headers.get('content-range') ?? '') ?? [];
  return Number(first) === from ? { from, size: total === '*' ? null : Number(total) } : null;
}

const SIZE = /^\d{1,15}$/;

function sizeOf({ headers }: Response): number | null {
  const length = headers.get('content-length');
  return length === null || headers.has('content-encoding') || !SIZE.test(length) ? null : Number(length);
}

function letGo(body: Response['body']): void {
  // one that has broken off already cannot be let go of
  body?.cancel().catch(() => undefined);
}

/** Only what tells files apart byte by byte may stand in If-Range (RFC 9110, 13.1.5): no weak ETag. */
function validatorOf({ headers }: Response): string | null {
  const tag = headers.get('etag');
  return tag === null || tag.startsWith('W/') ? headers.get('last-modified') : tag;
}
