/** How often the hosts of a fleet may come to the one repository that they share. Pure. */
import { MINUTE, SECOND } from '../clock.ts';

/**
 * Of all hosts together that have nothing under way. Two thirds of what GitHub takes for one repository (15 a second): fetches,
 * people and CI want some of it too.
 */
const READS_PER_SECOND = 10;

/** A host that waits for a wave reads newest records of others, by two fetches, besides what all read. */
const READS_WHILE_WAITING = 3;

/** How long a host leaves the remote alone after it answered, in milliseconds; 0 in fleets that are not large. */
export function restBetweenReads(fleetSize: number, waitsForOthers: boolean): number {
  const rest = (fleetSize / READS_PER_SECOND) * (waitsForOthers ? READS_WHILE_WAITING : 1) * SECOND;
  return rest <= SHORTEST_REST ? 0 : rest;
}

/** Less than polls are apart by themselves. */
const SHORTEST_REST = 10 * SECOND;

/** Silence means trouble, so no record is kept back for more than this share of the time between two. */
const SHARE_OF_CHECK_IN = 1 / 4;
/** What would be spread over less than this is not worth keeping back. */
const NOT_WORTH_IT = MINUTE;

/** How long a record that nobody waits for may be kept back, in milliseconds, so that those of all hosts fit into so many pushes a minute. */
export function longestKeptBack(asked: {
  readonly fleetSize: number;
  readonly pushesPerMinute: number;
  /** Milliseconds. */
  readonly checkInEvery: number;
}): number {
  const spread = (asked.fleetSize / asked.pushesPerMinute) * MINUTE;
  return spread <= NOT_WORTH_IT ? 0 : Math.min(spread, asked.checkInEvery * SHARE_OF_CHECK_IN);
}
