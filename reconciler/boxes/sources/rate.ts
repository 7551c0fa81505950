/** Slows down what comes to so many bytes a second, all sources together. */
import { setTimeout as wait } from 'node:timers/promises';
import { SECOND } from '../../clock.ts';

export type RateClock = {
  /** Milliseconds, never going back. */
  now(): number;
  /** Rejects when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
};

export type RateLimit = (
  pieces: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
) => AsyncIterable<Uint8Array>;

/** So much may come at once after a rest, in milliseconds of the rate: less, and short sleeps that last too long would cost speed. */
const BURST = 200;
/** Pieces are handed on in parts of at most so many bytes, so that streams take turns. */
const PART = 64 * 1024;

const systemRateClock: RateClock = {
  now: () => performance.now(),
  sleep: (ms, signal) => wait(ms, undefined, { signal }),
};

/**
 * One limit for a host. Over any time, no more is let through than the rate allows for it, and what a rest of 0.2 s has saved up, and one
 * part. Whoever asks first goes first.
 *
 * @param rate bytes a second; null: no limit
 */
export function rateLimit(rate: number | null, clock = systemRateClock): RateLimit {
  if (rate === null) return (pieces) => pieces;
  /** When all that was let through so far is paid for. */
  let paidAt = Number.NEGATIVE_INFINITY;

  async function pay(bytes: number, signal?: AbortSignal): Promise<void> {
    const now = clock.now();
    const from = Math.max(paidAt, now - BURST);
    paidAt = from + (bytes / rateOrOne) * SECOND;
    if (paidAt > now) await clock.sleep(paidAt - now, signal);
  }
  const rateOrOne = Math.max(1, rate);

  return async function* limited(pieces, signal) {
    for await (const piece of pieces) {
      for (let at = 0; at < piece.length; at += PART) {
        const part = piece.subarray(at, at + PART);
        await pay(part.length, signal);
        yield part;
      }
    }
  };
}
