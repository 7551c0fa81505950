/**
 * A window on the face of the wall clock: its openings as stretches of readings, before any zone turns these into instants.
 * A reading is written as the milliseconds from 1 January 1970, 00:00, to it, as if no clock had ever been moved. Pure.
 */
import { DAY } from '../clock.ts';
import type { WindowSpec } from '../desired/spec.ts';
import { type Stretch, startsOf, type WindowStarts } from './window-starts.ts';

export type Readings = {
  /** The opening that this reading lies in; null: none. */
  openingAt(reading: number): Stretch | null;
  /** The first opening that begins after this reading; null: none ever does. */
  openingAfter(reading: number): Stretch | null;
  /** Length of the longest opening, dates on which it does not open left aside. */
  longest(): number;
};

const known = new WeakMap<WindowSpec, Readings>();

/** Throws RangeError where a cron expression or a date is not one. */
export function readingsOf(window: WindowSpec): Readings {
  const found = known.get(window) ?? makeReadings(startsOf(window), window);
  known.set(window, found);
  return found;
}

function makeReadings(starts: WindowStarts, window: WindowSpec): Readings {
  // An opening takes what begins on its first day and the next (rule 6), and whether it is cut is seen from what began a day before.
  const reach = 3 + Math.ceil(starts.longest / DAY);
  let longest: number | null = null;

  function openingAt(reading: number): Stretch | null {
    const day = Math.floor(reading / DAY);
    for (const opening of openingsBetween(starts, day - 2 * reach, day + reach)) {
      if (opening.to > reading) return opening.from <= reading ? opening : null;
    }
    return null;
  }

  function openingAfter(reading: number): Stretch | null {
    let day = starts.nextDay(Math.floor(reading / DAY));
    while (day !== null) {
      for (const opening of openingsBetween(starts, day - 2 * reach, day + reach)) {
        if (opening.from > reading) return opening;
      }
      day = starts.nextDay(day + 1);
    }
    return null;
  }

  return {
    openingAt,
    openingAfter,
    longest: () => {
      longest ??= longestOpening(startsOf({ ...window, except: [] }), reach);
      return longest;
    },
  };
}

function longestOpening(starts: WindowStarts, reach: number): number {
  const end = reach + starts.period;
  let longest = 0;
  for (const { from, to } of openingsBetween(starts, 0, end + 2 * reach)) {
    if (from >= reach * DAY && from < (end + reach) * DAY) longest = Math.max(longest, to - from);
  }
  return longest;
}

/** All that begins on these days, as openings (rules 5 and 6 of window.ts), in order; those near the first and the last may be other ones. */
function* openingsBetween(starts: WindowStarts, firstDay: number, lastDay: number): Generator<Stretch> {
  let opening: Stretch | null = null;
  let openSince = 0;
  for (let day = firstDay; day <= lastDay; day += 1) {
    for (const [index, stretch] of starts.on(day).entries()) {
      const [from, to] = [day * DAY + stretch.from, day * DAY + stretch.to];
      if (opening === null || opening.to < from) {
        if (opening !== null) yield opening;
        opening = { from, to };
        openSince = from;
      } else if (index === 0 && from - openSince >= DAY) {
        yield { from: opening.from, to: from };
        opening = { from, to: Math.max(opening.to, to) };
      } else {
        opening = { from: opening.from, to: Math.max(opening.to, to) };
      }
    }
  }
  if (opening !== null) yield opening;
}
