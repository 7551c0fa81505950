import type { Memory } from './memory.ts';

/** Fingerprint of each guest that stands proven healthy; null for one that is remembered but not proven. */
export function fingerprintsIn(memory: Memory): Readonly<Record<string, string | null>> {
  return Object.fromEntries(
    Object.entries(memory.guests).map(([name, guest]) => [name, guest.built?.spec.fingerprint ?? null]),
  );
}
