/** What is known of the last build by a recipe on this host, kept so that one that was cut can be taken up. */
import { readFile } from 'node:fs/promises';
import type { ProcessIdentity } from '../../apply/process-identity.ts';
import { replaceFile } from '../../observed/durable-file.ts';

/** A file that was made: SHA-256 in hexadecimal, size in bytes. */
export type MadeFile = { readonly sha256: string; readonly size: number };

export type StageDone = {
  readonly name: string;
  /** Digest over what it was made from. */
  readonly inputs: string;
  readonly output: MadeFile;
};

export type BuildResult = MadeFile & {
  /** SHA-256 of its chunk list. */
  readonly chunks: string;
  /** ISO 8601 UTC. */
  readonly endedAt: string;
  /** The change of the catalogue; null: there was to be none. */
  readonly change: { readonly branch: string; readonly commit: string; readonly pushed: boolean } | null;
};

export type BuildJournal = {
  readonly inputs: string;
  readonly version: string;
  /** The commit whose recipe it goes by. */
  readonly commit: string;
  /** ISO 8601 UTC. */
  readonly startedAt: string;
  readonly stages: readonly StageDone[];
  /** Name of the machine that is being made; null: there is none. */
  readonly machine: string | null;
  /** What was started, and may have outlived a crash. */
  readonly processes: readonly ProcessIdentity[];
  /** null: it is not done. */
  readonly result: BuildResult | null;
};

export type JournalFile = {
  read(): BuildJournal | null;
  /** Durable when it resolves. */
  write(journal: BuildJournal): Promise<void>;
  update(change: Partial<BuildJournal>): Promise<void>;
};

/** A journal that cannot be read is none: the build begins anew. */
export async function openJournal(file: string): Promise<JournalFile> {
  let known = parseJournal(await readFile(file, 'utf8').catch(() => ''));
  const write = async (journal: BuildJournal) => {
    known = journal;
    await replaceFile(file, `${JSON.stringify(journal, null, 2)}\n`, 0o600);
  };
  return {
    read: () => known,
    write,
    update: async (change) => {
      if (known !== null) await write({ ...known, ...change });
    },
  };
}

/** null if it is none. Pure. */
export function parseJournal(text: string): BuildJournal | null {
  try {
    const value: unknown = JSON.parse(text);
    return isJournal(value) ? value : null;
  } catch {
    return null;
  }
}

function isJournal(value: unknown): value is BuildJournal {
  return (
    hasTexts(value, 'inputs', 'version', 'commit', 'startedAt') &&
    'stages' in value &&
    isListOf(
      value.stages,
      (stage) => hasTexts(stage, 'name', 'inputs') && 'output' in stage && isMade(stage.output),
    ) &&
    'machine' in value &&
    (value.machine === null || typeof value.machine === 'string') &&
    'processes' in value &&
    isListOf(
      value.processes,
      (each) => hasTexts(each, 'startedAt') && 'pid' in each && Number.isInteger(each.pid),
    ) &&
    'result' in value &&
    (value.result === null || isResult(value.result))
  );
}

function isResult(value: unknown): boolean {
  return (
    isMade(value) &&
    hasTexts(value, 'chunks', 'endedAt') &&
    'change' in value &&
    (value.change === null || (hasTexts(value.change, 'branch', 'commit') && 'pushed' in value.change))
  );
}

function isMade(value: unknown): boolean {
  return hasTexts(value, 'sha256') && 'size' in value && Number.isSafeInteger(value.size);
}

function isListOf(value: unknown, is: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(is);
}

function hasTexts<K extends string>(value: unknown, ...keys: readonly K[]): value is Record<K, string> {
  return (
    typeof value === 'object' &&
    value !== null &&
    keys.every((key) => typeof Object.getOwnPropertyDescriptor(value, key)?.value === 'string')
  );
}
