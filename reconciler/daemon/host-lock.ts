/**
 * One reconciler a host (invariant 8).
 *
 * The lock is an exclusive SQLite transaction on an empty file: the kernel holds it for the process and drops it when the
 * process ends in whatever way, so there is no left-over lock to judge, no process number that was used again, and no
 * moment in which two could both take a dead one's place. A file beside it says who holds it, for messages only.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { HostLocked } from '../errors.ts';

export type HostLock = { release(): void };

/** Takes the lock at once or throws HostLocked, naming the holder. */
export function takeHostLock(file: string, purpose: string): HostLock {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (isBusy(error))
      throw new HostLocked(
        `${holderOf(file)} is at work on this host; wait for it, or ask it: boxreeve status`,
      );
    throw error;
  }
  writeFileSync(holderFile(file), `${purpose}, process ${process.pid}`, { mode: 0o600 });
  return { release: () => database.close() };
}

const SQLITE_BUSY = 5;

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}

function holderFile(file: string): string {
  return `${file}.holder`;
}

function holderOf(file: string): string {
  try {
    return `another reconciler (${readFileSync(holderFile(file), 'utf8')})`;
  } catch {
    return 'another reconciler';
  }
}
