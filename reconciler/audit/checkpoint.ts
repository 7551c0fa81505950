/**
 * What was found good before, in `stateDir`: so that the next verification looks at what is new, and as a witness of its own,
 * since a branch that no longer contains it was cut short or rewritten.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { replaceFile } from '../observed/durable-file.ts';
import type { HostKeys } from './host-keys.ts';
import type { Standing } from './judge-link.ts';
import type { KeyHistory } from './key-history.ts';

export type HostCheckpoint = {
  /** What stood at the tip of its branch. */
  readonly standing: Standing;
  /** How many records the branch had. */
  readonly records: number;
  /** When it was verified, ms since the epoch, by this machine's clock. */
  readonly at: number;
  /** Digest of the keys it was held against. */
  readonly keys: string;
  /** What its records saw last of each other host. */
  readonly witnessed: Readonly<Record<string, string>>;
};

export type Checkpoint = {
  readonly version: 1;
  /** Digest of every revocation in the fleet: another one, and all is looked at again. */
  readonly revocations: string;
  readonly history: KeyHistory;
  readonly hosts: Readonly<Record<string, HostCheckpoint>>;
};

export type ReadCheckpoint = {
  /** null: there is none, or none to go by. */
  readonly checkpoint: Checkpoint | null;
  /** Why one that is there is not gone by; null: nothing is wrong with it. */
  readonly note: string | null;
};

/** Never throws for what the file holds. */
export async function readCheckpoint(file: string): Promise<ReadCheckpoint> {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'));
    const { checkpointProblem } = await import('./checkpoint-form.ts');
    const checked = checkpointProblem(value);
    if (checked.ok) return { checkpoint: checked.checkpoint, note: null };
    return { checkpoint: null, note: damaged(file, checked.why) };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      return { checkpoint: null, note: null };
    return { checkpoint: null, note: damaged(file, error instanceof Error ? error.message : String(error)) };
  }
}

/** Durable when it resolves; readable by this user alone. */
export async function writeCheckpoint(file: string, checkpoint: Checkpoint): Promise<void> {
  await replaceFile(file, `${JSON.stringify(checkpoint)}\n`, 0o600);
}

export function keysDigest(keys: HostKeys): string {
  return digest(keys);
}

export function revocationsDigest(
  hosts: readonly { readonly host: string; readonly keys: HostKeys }[],
): string {
  return digest(
    hosts.flatMap(({ host, keys }) =>
      keys.keys.flatMap(({ key, revoked }) => (revoked === null ? [] : [[host, key, revoked]])),
    ),
  );
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}

function damaged(file: string, why: string): string {
  return `${file} cannot be gone by, and everything is checked again: ${why}`;
}
