/**
 * The journal of the attempt under way, and the outbox of its record: one file, `<outbox>/attempt.jsonl`, one line an event,
 * each on disk before the next thing happens.
 *
 * 1. `open` comes before anything of the attempt is done: from then on there will be a record of it.
 * 2. `begin` comes before an action, `end` after it: what has a beginning and no end was cut.
 * 3. `complete` holds the whole record; from then on only that has to be appended to the chain.
 * 4. The file goes only when the record is on the chain. The chain takes one id once, so dying anywhere in between is repaired by
 *    doing the rest again.
 */
import type { ActionOutcome, AttemptLog } from '../apply/outcome.ts';
import type { CommitInfo } from '../git/ports.ts';
import { type Check, either, isOneOf, isString, objectOf } from '../observed/check.ts';
import type { Action } from '../plan/plan.ts';
import { fileJournal } from './journal-file.ts';
import type { RecordDraft, Trigger } from './record.ts';
import type { Reserve } from './reserve.ts';

export type AttemptHeader = {
  readonly id: string;
  readonly trigger: Trigger;
  /** ISO 8601 UTC. */
  readonly startedAt: string;
  readonly desired: CommitInfo;
};

export type Attempt = AttemptLog & {
  readonly header: AttemptHeader;
  /** The record, before it is appended to the chain. */
  complete(draft: RecordDraft): Promise<void>;
  /** After its record is on the chain. */
  close(): Promise<void>;
};

export type InterruptedAttempt = {
  readonly header: AttemptHeader;
  readonly outcomes: readonly ActionOutcome[];
  /** Begun, and not ended. */
  readonly underWay: { readonly action: Action; readonly at: string } | null;
  readonly processes: readonly { readonly pid: number; readonly startedAt: string }[];
  /** The record, if the attempt got that far. */
  readonly draft: RecordDraft | null;
  close(): Promise<void>;
};

export interface Outbox {
  /** Throws if an attempt is there already: it must be finished first. */
  open(header: AttemptHeader): Promise<Attempt>;
  /** What a crash left; null if nothing. */
  interrupted(): Promise<InterruptedAttempt | null>;
}

type Line =
  | { readonly event: 'open'; readonly header: AttemptHeader }
  | { readonly event: 'begin'; readonly action: Action; readonly at: string }
  | { readonly event: 'process'; readonly pid: number; readonly startedAt: string }
  | { readonly event: 'end'; readonly outcome: ActionOutcome }
  | { readonly event: 'complete'; readonly draft: RecordDraft };

/** Where the lines are kept; each call is durable when it resolves. */
export type Journal = {
  /** null if there is none; one that cannot be read is not none. */
  read(): Promise<string | null>;
  /** Begins it with this line. Throws if there is one already. */
  create(line: string): Promise<void>;
  append(line: string): Promise<void>;
  remove(): Promise<void>;
};

/** The journal in a folder. */
export function openOutbox(folder: string, reserve: Reserve, now: () => string): Outbox {
  return outboxOver(fileJournal(folder, reserve), now);
}

export function outboxOver(journal: Journal, now: () => string): Outbox {
  const text = (line: Line) => `${JSON.stringify(line)}\n`;
  const write = (line: Line) => journal.append(text(line));
  const close = () => journal.remove();
  return {
    open: async (header) => {
      await journal.create(text({ event: 'open', header }));
      return {
        id: header.id,
        header,
        begin: (action) => write({ event: 'begin', action, at: now() }),
        note: (process) => write({ event: 'process', ...process }),
        end: (outcome) => write({ event: 'end', outcome }),
        complete: (draft) => write({ event: 'complete', draft }),
        close,
      };
    },
    interrupted: async () => {
      const left = replay(await journal.read());
      if (left === 'nothing') return null;
      if (left === 'torn') {
        // the very first line was cut: nothing had been begun
        await close();
        return null;
      }
      return { ...left, close };
    },
  };
}

/** Reads a journal as far as it is whole: a crash can cut its last line anywhere. Pure. */
export function replay(text: string | null): Omit<InterruptedAttempt, 'close'> | 'nothing' | 'torn' {
  if (text === null) return 'nothing';
  const lines = text.split('\n').slice(0, -1).flatMap(parseLine);
  const [first] = lines;
  if (first?.event !== 'open') return 'torn';
  const outcomes: ActionOutcome[] = [];
  const processes: { pid: number; startedAt: string }[] = [];
  let underWay: InterruptedAttempt['underWay'] = null;
  let draft: RecordDraft | null = null;
  for (const line of lines) {
    if (line.event === 'begin') underWay = { action: line.action, at: line.at };
    if (line.event === 'process') processes.push({ pid: line.pid, startedAt: line.startedAt });
    if (line.event === 'complete') draft = line.draft;
    if (line.event === 'end') {
      outcomes.push(line.outcome);
      if (underWay?.action.id === line.outcome.action.id) underWay = null;
    }
  }
  return { header: first.header, outcomes, underWay, processes, draft };
}

/** A line that is not whole, or makes no sense, is not one. */
function parseLine(text: string): Line[] {
  try {
    const value: unknown = JSON.parse(text);
    return isLine(value) ? [value] : [];
  } catch {
    return [];
  }
}

/**
 * The file is written by this code alone, mode 0600: what is looked at is what would lead a recovery astray, not the whole form.
 * A record that is not right is found so by whoever verifies the chain.
 */
const isLine: Check<Line> = either(
  objectOf<Extract<Line, { event: 'open' }>>({
    event: isOneOf('open'),
    header: withText<AttemptHeader>('id', 'startedAt'),
  }),
  either(
    either(
      objectOf<Extract<Line, { event: 'begin' }>>({
        event: isOneOf('begin'),
        action: withText<Action>('id', 'kind'),
        at: isString,
      }),
      objectOf<Extract<Line, { event: 'end' }>>({ event: isOneOf('end'), outcome: isOutcome }),
    ),
    either(
      objectOf<Extract<Line, { event: 'process' }>>({
        event: isOneOf('process'),
        pid: isProcessNumber,
        startedAt: isString,
      }),
      objectOf<Extract<Line, { event: 'complete' }>>({
        event: isOneOf('complete'),
        draft: withText<RecordDraft>('id', 'kind'),
      }),
    ),
  ),
);

function isOutcome(value: unknown): value is ActionOutcome {
  return withText<ActionOutcome>('result')(value) && withText<Action>('id', 'kind')(value.action);
}

/** 0 and 1 are not ours to end, nor is a whole group. */
function isProcessNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 1;
}

/** An object with text in these fields. */
function withText<T extends object>(...fields: readonly (keyof T & string)[]): Check<T> {
  return (value): value is T =>
    typeof value === 'object' &&
    value !== null &&
    fields.every((field) => isString(Object.getOwnPropertyDescriptor(value, field)?.value));
}
