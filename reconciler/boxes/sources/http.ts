/**
 * `https://…` and `http://…`. What was cut is gone on with only where the server gives ranges and the end can be checked: the
 * digest over all of it decides, so bytes of two files cannot be joined unnoticed (VAGRANT.md trap 5).
 */
import { type OpenSource, SourceMissed } from './source.ts';

/** Limit on waiting for the answer, not on the download, in milliseconds. */
const ANSWER_LIMIT = 60_000;

export const openHttp: OpenSource = async (source, from, signal) => {
  const headers: Record<string, string> = from > 0 ? { range: `bytes=${from}-` } : {};
  const response = await ask(source, headers, signal);
  if (response.status === 416 && from > 0) return openHttp(source, 0, signal);
  if (!response.ok || response.body === null)
    throw new SourceMissed(`answers ${response.status} ${response.statusText}`.trim());
  const partial = response.status === 206 && begins(response.headers.get('content-range')) === from;
  return { from: partial ? from : 0, chunks: response.body };
};

async function ask(source: string, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
  const answer = new AbortController();
  const timer = setTimeout(
    () => answer.abort(new Error(`does not answer within ${ANSWER_LIMIT / 1000} s`)),
    ANSWER_LIMIT,
  );
  try {
    const response = await fetch(source, { headers, signal: AbortSignal.any([signal, answer.signal]) });
    if (source.startsWith('https:') && !response.url.startsWith('https:'))
      throw new SourceMissed(`redirects to ${response.url}, which is not https`);
    return response;
  } catch (error) {
    if (error instanceof SourceMissed || signal.aborted) throw error;
    throw new SourceMissed(reason(error));
  } finally {
    clearTimeout(timer);
  }
}

function begins(contentRange: string | null): number | null {
  const first = /^bytes (\d+)-/.exec(contentRange ?? '')?.[1];
  return first === undefined ? null : Number(first);
}

/** `fetch failed` says nothing; its cause does. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
