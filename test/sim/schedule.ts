/** What befalls one host in its month, laid down beforehand by the seed. */
import { DAY, HOUR, MINUTE } from '../../reconciler/clock.ts';
import type { SpanSpec, WindowSpec } from '../../reconciler/desired/spec.ts';
import type { Random } from './random.ts';

export type Span = { readonly from: number; readonly to: number };

/** The same for all hosts of a seed. Instants are true time, in milliseconds since the epoch. */
export type Month = {
  readonly begin: number;
  /** From here on nothing goes wrong any more, and no jobs come. */
  readonly calm: number;
  readonly end: number;
  readonly window: WindowSpec & SpanSpec;
  readonly merges: readonly number[];
};

export type Fate = {
  /** The CI system's API is away. */
  readonly outages: readonly Span[];
  /** The infra repo cannot be reached. */
  readonly offline: readonly Span[];
  /** A person has taken the agent off; one without an end within the month stays off. */
  readonly takenOff: readonly Span[];
  /** The host's clock is wrong by this much. */
  readonly skews: readonly (Span & { readonly by: number })[];
};

export const HOSTS = 8;
const DAYS = 30;
const QUIET = 2 * DAY;

export function monthOf(random: Random): Month {
  const begin = random.pick([
    Date.parse('2026-03-10T12:00:00Z'),
    Date.parse('2026-10-12T12:00:00Z'),
    Date.parse('2026-06-01T00:00:00Z'),
    Date.parse('2027-03-28T00:59:00Z'),
  ]);
  const end = begin + DAYS * DAY;
  const [from, to] = random.pick([
    ['20:00', '05:00'],
    ['01:30', '06:00'],
    ['22:00', '02:30'],
    ['12:00', '16:00'],
  ]);
  const merges: number[] = [];
  for (let at = begin; ; ) {
    at += HOUR + random.wait(4 * DAY);
    if (at >= end - QUIET) break;
    merges.push(at);
  }
  const timezone = random.pick(['Europe/Zurich', 'America/New_York', 'Australia/Lord_Howe', 'UTC']);
  const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
  return { begin, calm: end - QUIET, end, window: { name: 'nightly', days, from, to, timezone }, merges };
}

export function fateOf(month: Month, random: Random): Fate {
  const takenOff = spans(month, random, 15 * DAY, 30 * HOUR);
  const last = { from: month.calm - HOUR, to: month.end + DAY };
  return {
    outages: spans(month, random, 6 * DAY, 3 * HOUR),
    offline: spans(month, random, 8 * DAY, 6 * HOUR),
    takenOff: random.chance(0.1) ? [...takenOff.filter(({ to }) => to < last.from), last] : takenOff,
    skews: spans(month, random, 12 * DAY, 5 * HOUR).map((span) => ({
      ...span,
      by: random.pick([-1, 1]) * random.between(MINUTE, 3 * HOUR),
    })),
  };
}

export function within(spans: readonly Span[], at: number): boolean {
  return spans.some(({ from, to }) => from <= at && at < to);
}

export function overlaps(spans: readonly Span[], { from, to }: Span): boolean {
  return spans.some((span) => span.from < to && from < span.to);
}

/** Spans that come at random before all is calm. @param apart from the end of one to the next @param length of one; both on average */
export function spans(
  { begin, calm }: Pick<Month, 'begin' | 'calm'>,
  random: Random,
  apart: number,
  length: number,
): Span[] {
  const found: Span[] = [];
  for (let at = begin; ; ) {
    const from = at + random.wait(apart);
    const to = from + random.wait(length);
    if (to >= calm) return found;
    found.push({ from, to });
    at = to;
  }
}
