/** `memory.json` on disk: read and checked once, replaced as a whole at each change. The host's lock keeps others out. */
import { rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Clock, iso, systemClock } from '../clock.ts';
import { oneLine } from '../one-line.ts';
import { replaceFile, syncFolder } from './durable-file.ts';
import { emptyMemory, guestIn, type Memory, type MemoryStore, newGuestMemory } from './memory.ts';
import { isMemory } from './memory-form.ts';
import { textOf } from './vagrant-files.ts';

export type OpenedMemory = MemoryStore & {
  /** What was wrong with the file that was there, and where it went: to be logged and recorded. null if nothing was. */
  readonly warning: string | null;
};

/**
 * Opens the memory of a host; a host without the file has an empty one. A file that is damaged, or another host's, is
 * moved aside, and `warning` says so: every guest is then unproven, and the last commit applied unknown.
 */
export async function openMemory(
  file: string,
  host: string,
  clock: Pick<Clock, 'now'> = systemClock,
): Promise<OpenedMemory> {
  const found = readMemory(file, host);
  if ('memory' in found) return holdMemory(file, found.memory, null);
  const movedTo = `${file}.unusable-${iso(clock.now()).replaceAll(/[:.]/g, '-')}`;
  await rename(file, movedTo);
  await syncFolder(dirname(file));
  const warning =
    `${file} ${found.wrong}: it was moved to ${movedTo}, and this host begins without memory. ` +
    'Its guests count as unproven until they are rebuilt; if you know better, stop Boxreeve and put the right file back';
  return holdMemory(file, emptyMemory(host), warning);
}

/** Reads without changing anything, for `status`; null if the file cannot be used. Without a file memory is empty. */
export function peekMemory(file: string, host: string): Memory | null {
  const found = readMemory(file, host);
  return 'memory' in found ? found.memory : null;
}

function readMemory(file: string, host: string): { memory: Memory } | { wrong: string } {
  const text = textOf(file);
  if (text === undefined) return { memory: emptyMemory(host) };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { wrong: 'is damaged (no JSON)' };
  }
  if (!isMemory(value)) return { wrong: 'does not have the form of a memory of this version of Boxreeve' };
  if (value.host !== host)
    return { wrong: `is the memory of the host ${oneLine(value.host)}, not of ${host}` };
  return { memory: value };
}

/** Changes are written one after another; one that cannot be written is no change, and its caller is told. */
function holdMemory(file: string, first: Memory, warning: string | null): OpenedMemory {
  let memory = first;
  let turn: Promise<unknown> = Promise.resolve();

  const update: MemoryStore['update'] = (change) => {
    const written = turn.then(async () => {
      const next = change(memory);
      if (next === memory) return memory;
      await replaceFile(file, `${JSON.stringify(next, null, 2)}\n`, 0o600);
      memory = next;
      return memory;
    });
    turn = written.catch(() => undefined);
    return written;
  };

  return {
    warning,
    read: () => memory,
    update,
    updateGuest: (guest, change) =>
      update((before) => ({
        ...before,
        guests: {
          ...before.guests,
          [guest]: { ...(guestIn(before, guest) ?? newGuestMemory), ...change },
        },
      })),
  };
}
