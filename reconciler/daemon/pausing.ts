/** Pauses and their ends: remembered first, then recorded. */
import { recordPause, recordResume } from '../audit/account.ts';
import { iso } from '../clock.ts';
import { InvalidHostConfig } from '../errors.ts';
import type { Pause } from '../gate/gates.ts';
import { inForce } from '../gate/standstill.ts';
import type { Host } from '../host-ports.ts';
import { guestIn, type Memory } from '../observed/memory.ts';

export type PauseRequest = {
  readonly reason: string;
  /** ISO 8601 UTC; null: until it is resumed. */
  readonly until: string | null;
  /** null: the host as a whole. */
  readonly guest: string | null;
};

/** Throws InvalidHostConfig if this host has no such guest. */
export async function pauseHost(host: Host, { reason, until, guest }: PauseRequest): Promise<void> {
  if (guest !== null) await assertKnown(host, guest);
  const now = host.clock.now();
  const pause = { reason, since: iso(now), until };
  await host.memory.update((memory) =>
    guest === null
      ? { ...memory, pause }
      : { ...memory, pausedGuests: { ...pausedStill(memory, now), [guest]: pause } },
  );
  await recordPause(host, guest, pause);
}

/** Whether there was a pause to end. */
export async function resumeHost(host: Host, guest: string | null): Promise<boolean> {
  const memory = host.memory.read();
  const held = guest === null ? memory.pause : pausedIn(memory, guest);
  if (held === null) return false;
  await host.memory.update((before) =>
    guest === null ? { ...before, pause: null } : without(before, guest),
  );
  await recordResume(host, guest, held);
  return true;
}

function pausedIn({ pausedGuests = {} }: Memory, guest: string): Pause | null {
  return Object.entries(pausedGuests).find(([name]) => name === guest)?.[1] ?? null;
}

function without(memory: Memory, guest: string): Memory {
  const others = Object.entries(memory.pausedGuests ?? {}).filter(([name]) => name !== guest);
  return { ...memory, pausedGuests: Object.fromEntries(others) };
}

function pausedStill({ pausedGuests = {} }: Memory, now: number): Readonly<Record<string, Pause>> {
  return Object.fromEntries(Object.entries(pausedGuests).filter(([, pause]) => inForce(pause, now)));
}

/** A name that is misspelt would hold nothing, and nobody would know. */
async function assertKnown(host: Host, guest: string): Promise<void> {
  const memory = host.memory.read();
  if (guestIn(memory, guest) !== undefined) return;
  const declared = memory.applied === null ? [] : (await host.resolve(memory.applied.commit)).guests;
  const known = new Set([...declared.map(({ name }) => name), ...Object.keys(memory.guests)]);
  if (known.has(guest)) return;
  const has = known.size === 0 ? 'none yet' : [...known].sort().join(', ');
  throw new InvalidHostConfig(`this host has no guest ${JSON.stringify(guest)} (it has ${has})`);
}
