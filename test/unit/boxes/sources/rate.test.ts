import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RateClock, rateLimit } from '../../../../reconciler/boxes/sources/rate.ts';

/** Time that passes only when everyone waits. */
function virtualClock(): RateClock & { run(): Promise<void> } {
  let now = 0;
  const sleepers: { at: number; wake(): void }[] = [];
  return {
    now: () => now,
    sleep: (ms) => new Promise((wake) => sleepers.push({ at: now + ms, wake })),
    run: async () => {
      for (let idle = 0; idle < 50; ) {
        await new Promise((resolve) => setImmediate(resolve));
        sleepers.sort((one, other) => one.at - other.at);
        const next = sleepers.shift();
        if (next === undefined) {
          idle += 1;
          continue;
        }
        idle = 0;
        now = Math.max(now, next.at);
        next.wake();
      }
    },
  };
}

async function* pieces(lengths: readonly number[]): AsyncGenerator<Uint8Array> {
  for (const length of lengths) yield new Uint8Array(length).fill(length % 251);
}

describe('a limit on what is fetched', () => {
  it('lets through what the rate allows, whatever comes in how many streams, and every byte of it', async () => {
    const streams = fc.array(fc.array(fc.integer({ min: 0, max: 300_000 }), { maxLength: 6 }), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(streams, fc.integer({ min: 10_000, max: 1_000_000 }), async (all, rate) => {
        const clock = virtualClock();
        const limit = rateLimit(rate, clock);
        const seen: { at: number; bytes: number }[] = [];
        const reading = all.map(async (lengths) => {
          let total = 0;
          for await (const part of limit(pieces(lengths))) {
            seen.push({ at: clock.now(), bytes: part.length });
            total += part.length;
          }
          expect(total).toBe(lengths.reduce((sum, length) => sum + length, 0));
        });
        await clock.run();
        await Promise.all(reading);
        for (const [index, { at: begin }] of seen.entries()) {
          let bytes = 0;
          for (const { at, bytes: more } of seen.slice(index)) {
            bytes += more;
            expect(bytes).toBeLessThanOrEqual(((at - begin) / 1000 + 0.2) * rate + 64 * 1024 + 1);
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it('shares the rate among streams that come at the same time', async () => {
    const clock = virtualClock();
    const limit = rateLimit(1_000_000, clock);
    const ends = [0, 0, 0].map(async () => {
      for await (const _ of limit(pieces([2_000_000])));
      return clock.now();
    });
    await clock.run();
    const [first = 0, , last = 0] = (await Promise.all(ends)).sort((one, other) => one - other);
    expect(last - first).toBeLessThan(500);
    expect(last).toBeGreaterThan(5_500);
  });

  it('hands everything on as it is where there is none', async () => {
    const given = pieces([5, 6]);
    expect(rateLimit(null)(given)).toBe(given);
  });

  it('is left at once when the fetch is told to stop', async () => {
    const stop = new AbortController();
    const reading = (async () => {
      for await (const _ of rateLimit(1)(pieces([100_000]), stop.signal));
    })();
    stop.abort();
    await expect(reading).rejects.toThrow(/abort/);
  });
});
