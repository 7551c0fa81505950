/**
 * One round of the host that notifies: it makes sure that it is the one, tells each target what it has not been told, and writes down
 * how far it is. Effects stand behind ports, so that a crash can be tried at each of them.
 *
 * 1. Nothing is told without the claim, and nothing for which it might not last.
 * 2. What was told is written down once, at the end, by compare-and-swap: if another host has taken over meanwhile, what this one told
 *    is told again by him. Told twice is no harm, never told is. Where it could not be written down, this process knows it all the same.
 * 3. All targets are told at the same time; none waits for another. One that does not answer is left alone for longer and longer.
 */
import { HOUR, MINUTE } from '../clock.ts';
import { BoxreeveError } from '../errors.ts';
import { CLAIM, type Claim, claimFor, claimHere, type NotifierSeen, type NotifierState } from './claim.ts';
import type { Cursor } from './cursor.ts';
import { NotDelivered, type Target } from './message.ts';
import { type News, type TellParts, type Told, tell } from './tell.ts';

/** The branch, wherever it is kept. */
export interface NotifierRef {
  /** null: there is none. Throws RemoteUnreachable. */
  read(): Promise<NotifierSeen | null>;
  /**
   * Puts `next` in the place of what has the id `expected` (null: of nothing). Returns its id, or null if something else stood there.
   * Throws RemoteUnreachable if it was not done, or nobody can tell.
   */
  swap(expected: string | null, next: NotifierState): Promise<string | null>;
}

export type RoundParts = {
  readonly host: string;
  readonly ref: NotifierRef;
  readonly targets: readonly Target[];
  readonly news: News;
  /** Changed by each round. */
  readonly memory: RoundMemory;
  /** ms since the epoch. */
  readonly now: () => number;
  readonly newId: () => string;
  readonly signal: AbortSignal;
  readonly log: (event: RoundEvent) => void;
};

/** What a process knows from one round to the next, and is lost with it. */
export type RoundMemory = {
  /** By target: how often in a row it did not take what it was told, and when it is tried again (ms since the epoch). */
  readonly waits: Map<string, { readonly failures: number; readonly until: number }>;
  /** Cursors that could not be written down in the place of what has the id `over`; null: all are. */
  unsaved: { readonly over: string; readonly targets: NotifierState['targets'] } | null;
};

export type RoundEvent =
  | { readonly event: 'notifier-unreadable' }
  | { readonly event: 'notifier-lost' }
  | { readonly event: 'notifying-begun' }
  | { readonly event: 'told'; readonly target: string }
  | { readonly event: 'not-told'; readonly target: string; readonly why: string; readonly until: number }
  | { readonly event: 'passed-over'; readonly target: string; readonly why: string };

export type RoundEnd = {
  /** Whether this host has the claim. */
  readonly mine: boolean;
  /** ms since the epoch at which there may be something to do though nothing happened; 0: at once. */
  readonly next: number;
};

/** Nothing is begun with less left of the claim than it may take, in milliseconds. */
const LEAST_LEFT = 5 * MINUTE;

const LOOK_AGAIN = 5 * MINUTE;
const FIRST_WAIT = MINUTE;
const LONGEST_WAIT = HOUR;

/** Throws RemoteUnreachable. */
export async function round(parts: RoundParts): Promise<RoundEnd> {
  const { host, ref, now, log } = parts;
  const seen = await ref.read();
  const here = claimHere(seen, host, now());
  if (here === 'unreadable') log({ event: 'notifier-unreadable' });
  if (here === 'unreadable' || here === 'of another') return { mine: false, next: lookAgain(now()) };
  const known = withUnsaved(seen, parts.memory);
  const held = here === 'mine' ? known : await claimIt(parts, known);
  if (held === null || held.state === 'unreadable') return { mine: false, next: lookAgain(now()) };
  return tellAll(parts, held.id, held.state);
}

function withUnsaved(seen: NotifierSeen | null, { unsaved }: RoundMemory): NotifierSeen | null {
  if (seen === null || seen.state === 'unreadable' || unsaved?.over !== seen.id) return seen;
  return { id: seen.id, state: { ...seen.state, targets: unsaved.targets } };
}

/** Gives the claim back, so that another host need not wait for its end. Throws RemoteUnreachable. */
export async function release({
  host,
  ref,
  newId,
}: Pick<RoundParts, 'host' | 'ref' | 'newId'>): Promise<void> {
  const seen = await ref.read();
  if (seen === null || seen.state === 'unreadable') return;
  const { claim } = seen.state;
  if (claim.state !== 'held' || claim.host !== host) return;
  await ref.swap(seen.id, { ...seen.state, claim: { state: 'free', token: claim.token, nonce: newId() } });
}

/** null: another host was first. */
async function claimIt(parts: RoundParts, seen: NotifierSeen | null): Promise<NotifierSeen | null> {
  const before = seen === null || seen.state === 'unreadable' ? null : seen.state;
  const state = { claim: renewed(parts, before?.claim ?? null), targets: before?.targets ?? {} };
  const id = await parts.ref.swap(seen?.id ?? null, state);
  if (id === null) return null;
  parts.memory.unsaved = null;
  if (before?.claim.state !== 'held' || before.claim.host !== parts.host)
    parts.log({ event: 'notifying-begun' });
  return { id, state };
}

function renewed({ host, now, newId }: RoundParts, before: Claim | null): Claim {
  return claimFor(before, host, now(), newId());
}

async function tellAll(parts: RoundParts, id: string, state: NotifierState): Promise<RoundEnd> {
  const { targets, now, memory } = parts;
  const { waits } = memory;
  const until = state.claim.state === 'held' ? Date.parse(state.claim.until) : 0;
  const mayGoOn = () => !parts.signal.aborted && until - now() > LEAST_LEFT;
  const due = targets.filter(({ name }) => (waits.get(name)?.until ?? 0) <= now());
  const told = await Promise.all(
    due.map((target) => tellOne(parts, target, cursorIn(state, target), mayGoOn)),
  );
  const cursors = new Map(told.map(({ name, cursor }) => [name, cursor]));
  const next = { claim: renewed(parts, state.claim), targets: withCursors(state, targets, cursors) };
  if (memory.unsaved !== null || JSON.stringify(next.targets) !== JSON.stringify(state.targets)) {
    memory.unsaved = { over: id, targets: next.targets };
    const saved = await parts.ref.swap(id, next);
    memory.unsaved = null;
    if (saved === null) {
      parts.log({ event: 'notifier-lost' });
      return { mine: false, next: lookAgain(now()) };
    }
  }
  const tries = targets.flatMap(({ name }) => waits.get(name)?.until ?? []);
  const more = told.some((each) => each.more) ? [0] : [];
  return { mine: true, next: Math.min(until - CLAIM / 2, ...tries, ...more) };
}

/** So soon the claim of another host is looked at again: it may have let go of it. */
function lookAgain(now: number): number {
  return now + LOOK_AGAIN;
}

type ToldOne = { readonly name: string; readonly cursor: Cursor | null; readonly more: boolean };

async function tellOne(
  parts: RoundParts,
  target: Target,
  before: Cursor | null,
  mayGoOn: () => boolean,
): Promise<ToldOne> {
  const { news, signal, now, log } = parts;
  const { waits } = parts.memory;
  const { name } = target;
  const passedOver = (why: string) => log({ event: 'passed-over', target: name, why });
  const told = await toldOrNot({ target, news, mayGoOn, signal, now, passedOver }, before);
  const { cursor, problem, more } = told;
  if (problem === null) waits.delete(name);
  else {
    const failures = (waits.get(name)?.failures ?? 0) + 1;
    const wait = Math.min(FIRST_WAIT * 2 ** Math.min(failures - 1, 10), LONGEST_WAIT);
    const until = Math.max(now() + wait, problem.notBefore ?? 0);
    waits.set(name, { failures, until });
    log({ event: 'not-told', target: name, why: problem.message, until });
  }
  if (cursor !== before && problem === null) log({ event: 'told', target: name });
  return { name, cursor, more };
}

/** What cannot be read for one target must not have the others told again. */
async function toldOrNot(
  parts: TellParts,
  before: Cursor | null,
): Promise<Omit<Told, 'cursor'> & { readonly cursor: Cursor | null }> {
  try {
    return await tell(parts, before);
  } catch (error) {
    if (!(error instanceof BoxreeveError)) throw error;
    return { cursor: before, problem: new NotDelivered(error.message, 'later'), more: false };
  }
}

function cursorIn({ targets }: NotifierState, { name }: Target): Cursor | null {
  return Object.hasOwn(targets, name) ? (targets[name] ?? null) : null;
}

/** Cursors of targets that `fleet.yaml` does not name any more are let go of. */
function withCursors(
  state: NotifierState,
  targets: readonly Target[],
  told: ReadonlyMap<string, Cursor | null>,
): NotifierState['targets'] {
  return Object.fromEntries(
    targets.flatMap((target) => {
      const cursor = told.get(target.name) ?? cursorIn(state, target);
      return cursor === null ? [] : [[target.name, cursor]];
    }),
  );
}
