/**
 * Local time of an IANA zone, from `Intl` alone: a daemon that only waits must stay small, and a polyfill of Temporal
 * costs it 12 to 16 MiB more than a formatter does.
 */
import { HOUR, MINUTE, SECOND } from '../clock.ts';

/** A zone's offset from UTC, and where it changes. All instants are milliseconds since the epoch. */
export type Zone = {
  /** Local wall-clock time minus UTC at this instant, in milliseconds. */
  offsetAt(instant: number): number;
  /** The first instant in `(from, to]` at which another offset holds; null if the same one holds throughout. */
  firstChange(from: number, to: number): number | null;
};

/** No zone on record changes its offset and back within this time, so looking this often misses nothing. */
const STRIDE = 6 * HOUR;
const LOOK_AROUND = 8 * STRIDE;

const known = new Map<string, Zone>();

/** Throws RangeError for a name that is no zone. */
export function zoneOf(name: string): Zone {
  const found = known.get(name);
  if (found !== undefined) return found;
  const zone = makeZone(name);
  known.set(name, zone);
  return zone;
}

/** Whether this Node knows the zone. */
export function isZone(name: string): boolean {
  try {
    zoneOf(name);
    return true;
  } catch {
    return false;
  }
}

function makeZone(name: string): Zone {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  const ask = (instant: number) => parseOffset(format.format(instant));
  /** Around the last instant asked for: a window is asked many times about a few days. */
  let steady = { from: 0, to: -1, offset: 0 };

  function offsetAt(instant: number): number {
    if (instant < steady.from || instant > steady.to) steady = steadyAround(instant);
    return steady.offset;
  }

  function steadyAround(instant: number): typeof steady {
    const offset = ask(instant);
    let [from, to] = [instant, instant];
    while (from > instant - LOOK_AROUND && ask(from - STRIDE) === offset) from -= STRIDE;
    while (to < instant + LOOK_AROUND && ask(to + STRIDE) === offset) to += STRIDE;
    return { from, to, offset };
  }

  return {
    offsetAt,
    firstChange: (from, to) => {
      for (let start = from; start < to; start += STRIDE) {
        const end = Math.min(start + STRIDE, to);
        if (offsetAt(start) !== offsetAt(end)) return bisect(ask, start, end);
      }
      return null;
    },
  };
}

/** `1/2/2026, GMT+05:30`, with seconds for the local mean times of long ago, plain `GMT` for UTC. */
function parseOffset(text: string): number {
  const match = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text);
  if (!match) throw new Error(`this Node shows a zone's offset in a form that is not understood: ${text}`);
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = match;
  const size = Number(hours) * HOUR + Number(minutes) * MINUTE + Number(seconds) * SECOND;
  return sign === '-' ? -size : size;
}

/** The first instant after `start` whose offset is not that of `start`, given that the one of `end` is not: a whole second. */
function bisect(offsetAt: (instant: number) => number, start: number, end: number): number {
  const before = offsetAt(start);
  let [low, high] = [Math.floor(start / SECOND), Math.floor(end / SECOND)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(middle * SECOND) === before) low = middle;
    else high = middle;
  }
  return high * SECOND;
}
