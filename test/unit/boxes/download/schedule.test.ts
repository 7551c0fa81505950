import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bitmapOf, setBit } from '../../../../reconciler/boxes/download/bitmap.ts';
import { LONGEST_RUN, type Run, Schedule } from '../../../../reconciler/boxes/download/schedule.ts';
import { listOf } from './lists.ts';

const KIB = 1024;

function bitmap(count: number, chunks: Iterable<number>): Uint8Array {
  const bits = bitmapOf(count);
  for (const chunk of chunks) setBit(bits, chunk, true);
  return bits;
}

function finish(schedule: Schedule, run: Run, now: number): void {
  while (run.next < run.end) schedule.gave(run, run.next, now);
  schedule.end(run, now);
}

function chunksOf({ first, end }: Run): number[] {
  return Array.from({ length: end - first }, (_, index) => first + index);
}

describe('whatever sources have, give and break off', () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 300 * KIB }), { minLength: 1, maxLength: 120 });
  const step = fc.record({
    source: fc.nat(3),
    does: fc.constantFrom('pick', 'pick', 'give', 'give', 'break off', 'learn', 'lose'),
    amount: fc.nat(200),
  });

  test('a source is asked only for what it has and what is missing, and all comes in the end', () => {
    fc.assert(
      fc.property(
        lengths,
        fc.array(step, { maxLength: 150 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (sizes, steps, place) => {
          const list = listOf(sizes);
          const schedule = new Schedule(list, place);
          const holding = [0, 1, 2, 3].map(() => new Set<number>());
          for (const _ of holding) schedule.addSource();
          const runs: Run[] = [];
          let now = 0;
          for (const { source, does, amount } of steps) {
            now += amount * 10;
            const had = holding[source] ?? new Set();
            if (does === 'learn') {
              for (let n = 0; n < amount; n++) had.add((amount * 31 + n * 7) % list.count);
              schedule.has(source, bitmap(list.count, had));
            } else if (does === 'lose') {
              had.clear();
              schedule.has(source, null);
            } else if (does === 'pick') {
              const run = schedule.pick(source, now);
              if (run === null) continue;
              for (const chunk of chunksOf(run)) {
                expect(had.has(chunk)).toBe(true);
                expect(schedule.isHere(chunk)).toBe(false);
              }
              const bytes = list.at(run.end) - list.at(run.first);
              expect(run.end - run.first === 1 || bytes <= LONGEST_RUN).toBe(true);
              runs.push(run);
            } else {
              const run = runs[amount % Math.max(1, runs.length)];
              if (run === undefined) continue;
              if (does === 'give' && run.next < run.end) schedule.gave(run, run.next, now);
              else {
                schedule.end(run, now);
                runs.splice(runs.indexOf(run), 1);
              }
            }
          }
          for (const run of runs) schedule.end(run, now);
          schedule.has(0, 'all');
          for (let run = schedule.pick(0, now); run !== null; run = schedule.pick(0, now))
            finish(schedule, run, now);
          expect(schedule.missing).toBe(0);
        },
      ),
    );
  });
});

describe('of what a source has', () => {
  const list = listOf(Array<number>(64).fill(64 * KIB));

  test('the chunks that the fewest others have are asked for first', () => {
    const schedule = new Schedule(list, 0);
    const [seed, peer] = [schedule.addSource(), schedule.addSource()];
    schedule.has(seed, 'all');
    schedule.has(
      peer,
      bitmap(
        64,
        Array.from({ length: 40 }, (_, chunk) => chunk),
      ),
    );
    expect(schedule.pick(seed, 0)?.first).toBeGreaterThanOrEqual(40);
    expect(schedule.pick(peer, 0)?.first).toBe(0);
  });

  test('a host begins at its own place, and goes round', () => {
    const schedule = new Schedule(list, 0.75);
    const seed = schedule.addSource();
    schedule.has(seed, 'all');
    const order: number[] = [];
    for (let run = schedule.pick(seed, 0); run !== null; run = schedule.pick(seed, 0)) {
      order.push(...chunksOf(run));
      finish(schedule, run, 0);
    }
    expect(order).toEqual([
      ...Array.from({ length: 16 }, (_, n) => 48 + n),
      ...Array.from({ length: 48 }, (_, n) => n),
    ]);
  });

  test('where another host was already, it does not go on right behind it', () => {
    const schedule = new Schedule(listOf(Array<number>(1024).fill(64 * KIB)), 0);
    const [seed, peer] = [schedule.addSource(), schedule.addSource()];
    schedule.has(seed, 'all');
    schedule.has(
      peer,
      bitmap(
        1024,
        Array.from({ length: 500 }, (_, chunk) => 8 + chunk),
      ),
    );
    const first = schedule.pick(seed, 0);
    expect(first).toMatchObject({ first: 0, end: 8 });
    expect(schedule.pick(seed, 0)?.first).toBeGreaterThan(508);
  });

  test('nothing that is on its way from another is asked for while other chunks are missing', () => {
    const schedule = new Schedule(list, 0);
    const [one, other] = [schedule.addSource(), schedule.addSource()];
    schedule.has(one, 'all');
    schedule.has(other, 'all');
    const asked: number[] = [];
    for (let n = 0; asked.length < 64; n++) {
      for (const source of [one, other]) {
        const run = schedule.pick(source, n);
        if (run !== null) asked.push(...chunksOf(run));
      }
    }
    expect(new Set(asked).size).toBe(asked.length);
    expect(asked).toHaveLength(64);
  });

  test('what a run did not give is asked of another', () => {
    const schedule = new Schedule(list, 0);
    const [one, other] = [schedule.addSource(), schedule.addSource()];
    schedule.has(one, 'all');
    const run = schedule.pick(one, 0);
    if (run === null) throw new Error('there is nothing to ask for');
    schedule.gave(run, 0, 5);
    schedule.end(run, 5);
    schedule.has(one, null);
    schedule.has(other, 'all');
    const asked: number[] = [];
    for (let next = schedule.pick(other, 6); next !== null; next = schedule.pick(other, 6))
      asked.push(...chunksOf(next));
    expect(asked.sort((a, b) => a - b)).toEqual(Array.from({ length: 63 }, (_, n) => n + 1));
  });
});

describe('near the end', () => {
  const list = listOf(Array<number>(16).fill(64 * KIB));

  function slowOne() {
    const schedule = new Schedule(list, 0);
    const [slow, fast] = [schedule.addSource(), schedule.addSource()];
    schedule.has(slow, 'all');
    const run = schedule.pick(slow, 0);
    for (let next = schedule.pick(slow, 0); next !== null; next = schedule.pick(slow, 0))
      finish(schedule, next, 1000);
    schedule.has(fast, 'all');
    if (run === null) throw new Error('there is nothing to ask for');
    return { schedule, run, fast };
  }

  test('the rest of a slow run is asked of a faster source, and the slow one stops before it', () => {
    const { schedule, run, fast } = slowOne();
    const end = run.end;
    schedule.gave(run, 0, 10_000);
    const taken = schedule.pick(fast, 10_001);
    expect(taken).toMatchObject({ source: fast, end });
    expect(run.end).toBe(taken?.first);
    expect(run.end).toBeGreaterThan(run.next);
  });

  test('a run that is done soon is left to its source', () => {
    const { schedule, run, fast } = slowOne();
    schedule.gave(run, 0, 10);
    expect(schedule.pick(fast, 11)).toBeNull();
  });

  test('less than 2 % is asked for twice', () => {
    const small = listOf(Array<number>(1000).fill(64 * KIB));
    const schedule = new Schedule(small, 0);
    const [slow, fast] = [schedule.addSource(), schedule.addSource()];
    schedule.has(slow, 'all');
    schedule.has(fast, 'all');
    const asked = new Map<number, number>();
    const count = (run: Run) => {
      for (const chunk of chunksOf(run)) asked.set(chunk, (asked.get(chunk) ?? 0) + 1);
    };
    // the slow one never gives anything of what it is asked for
    for (let n = 0; n < 100; n++) {
      const run = schedule.pick(slow, 0, 64 * KIB);
      if (run !== null) count(run);
    }
    for (let now = 10_000; now < 60_000_000; now += 10_000) {
      const run = schedule.pick(fast, now);
      if (run === null) continue;
      count(run);
      finish(schedule, run, now + 1);
    }
    const twice = [...asked.values()].filter((times) => times > 1).length;
    expect(twice).toBeGreaterThan(0);
    expect(twice).toBeLessThan(0.02 * small.count);
  });
});

test('it is known when something is missing that no source has', () => {
  const list = listOf([5, 5, 5]);
  const schedule = new Schedule(list, 0);
  const source = schedule.addSource();
  expect(schedule.lacksSource()).toBe(true);
  schedule.has(source, bitmap(3, [0, 1]));
  expect(schedule.lacksSource()).toBe(true);
  schedule.arrived(2);
  expect(schedule.lacksSource()).toBe(false);
});

test('a file of 600 000 chunks is scheduled among nine sources to its end', () => {
  const list = listOf(Array<number>(600_000).fill(64 * KIB));
  const schedule = new Schedule(list, 0.5);
  const sources = Array.from({ length: 9 }, () => schedule.addSource());
  schedule.has(0, 'all');
  for (const source of sources.slice(1)) {
    const first = source * 50_000;
    schedule.has(
      source,
      bitmap(
        600_000,
        Array.from({ length: 50_000 }, (_, n) => first + n),
      ),
    );
  }
  let runs = 0;
  for (let now = 0; schedule.missing > 0; now++) {
    for (const source of sources) {
      const run = schedule.pick(source, now);
      if (run === null) continue;
      runs += 1;
      finish(schedule, run, now + 1);
    }
  }
  expect(runs).toBeLessThan(50_000);
});
