/** How often the hosts of a fleet may come to the one repository that they share. Pure. */
import { SECOND } from '../clock.ts';

/**
 * Of all hosts together that have nothing under way. Two thirds of what GitHub takes for one repository (15 a second): fetches,
 * people and CI want some of it too.
 */
const READS_PER_SECOND = 10;

/** How long a host leaves the remote alone after it answered, in milliseconds; 0 in fleets that are not large. */
export function restBetweenReads(fleetSize: number): number {
  const rest = (fleetSize / READS_PER_SECOND) * SECOND;
  return rest <= SHORTEST_REST ? 0 : rest;
}

/** Less than polls are apart by themselves. */
const SHORTEST_REST = 10 * SECOND;
