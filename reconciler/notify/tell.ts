/**
 * Tells one target what it has not been told yet, and says how far that went. Nothing is remembered here: whoever calls keeps the cursor
 * that comes out, or, if he dies before that, begins again from the one that went in.
 *
 * 1. Standings first, each commit for itself: one that is not taken holds up no other.
 * 2. Records by host, in the order of their numbers. What is not taken holds up all after it.
 * 3. A target that is away is left alone for the rest of the round.
 * 4. What a target will never take is passed over, loudly.
 */
import type { AuditRecord } from '../audit/record.ts';
import { iso } from '../clock.ts';
import { BoxreeveError } from '../errors.ts';
import {
  beginAt,
  type Cursor,
  type Happened,
  type RecordPlace,
  takeUp,
  toldRecord,
  toldStanding,
  toldUpTo,
} from './cursor.ts';
import { type FailedOutput, type Message, NotDelivered, type Target } from './message.ts';
import { digestOfStanding, digestOfState, type FailedThere, isFinal, type Standing } from './standing.ts';

/** What there is to tell, read when it is asked for. */
export interface News {
  /**
   * The commit that hosts follow, and the newest record of each host.
   *
   * @param since commits after it are wanted; null: none
   * @param withRecords whether records are: otherwise `newest` is empty
   */
  happened(since: string | null, withRecords: boolean): Promise<Happened>;
  standing(commit: string): Promise<Standing>;
  /** The end of what failed printed; null: no record has it. */
  output(failure: FailedThere): Promise<string | null>;
  /** Records of a host after a number, oldest first, at most so many. Throws RemoteUnreachable. */
  records(host: string, after: number, most: number): Promise<readonly SignedRecord[]>;
}

export type SignedRecord = { readonly record: AuditRecord; readonly place: RecordPlace };

export type TellParts = {
  readonly target: Target;
  readonly news: News;
  /** Whether the claim still holds for long enough, and nobody wants us to end. */
  readonly mayGoOn: () => boolean;
  readonly signal: AbortSignal;
  /** ms since the epoch. */
  readonly now: () => number;
  /** A message that is passed over, in a sentence. */
  readonly passedOver: (why: string) => void;
};

export type Told = {
  readonly cursor: Cursor;
  /** What was not taken; null: all was that was tried. */
  readonly problem: NotDelivered | null;
  /** There may be more to tell, and no reason to wait with it. */
  readonly more: boolean;
};

/** Messages that a target is told in a round; a crash has no more told twice. */
const MOST_IN_A_ROUND = 50;

export async function tell(parts: TellParts, before: Cursor | null): Promise<Told> {
  const happened = await parts.news.happened(before?.seen ?? null, parts.target.wants !== null);
  const cursor = before === null ? beginAt(happened) : takeUp(before, happened);
  const standings = await tellStandings(parts, cursor, before === null);
  if (standings.problem !== null && standings.problem.again === 'later') return standings;
  const records = await tellRecords(parts, standings.cursor, happened);
  return { ...records, problem: records.problem ?? standings.problem };
}

async function tellStandings(parts: TellParts, begun: Cursor, isNew: boolean): Promise<Told> {
  const { target, news, mayGoOn } = parts;
  let cursor = begun;
  let problem: NotDelivered | null = null;
  if (target.standings === 'none') return { cursor: { ...begun, open: [] }, problem, more: false };
  for (const { commit, told, count } of begun.open) {
    if (!mayGoOn()) return { cursor, problem, more: true };
    const standing = await readOr(() => news.standing(commit));
    if (standing instanceof NotDelivered) {
      problem ??= standing;
      continue;
    }
    // who hears of turns is not told of one that was before him
    const digest =
      isNew && target.standings === 'turns' && isFinal(standing) ? null : digestFor(target, standing);
    if (digest !== null && digest !== told) {
      const outputs = await outputsOf(news, standing);
      const id = `${commit}-${count + 1}-${digest}`;
      const message: Message = { kind: 'standing', id, standing, outputs, time: iso(parts.now()) };
      const failed = await deliver(parts, [message]);
      if (failed?.again === 'later') return { cursor, problem: failed, more: false };
      problem ??= failed;
      if (failed !== null) continue;
    }
    if (digest !== told || isFinal(standing))
      cursor = toldStanding(cursor, commit, digest ?? '', isFinal(standing));
  }
  return { cursor, problem, more: false };
}

/** What was told tells by this whether it is still so; null: this is not told. */
function digestFor({ standings }: Target, standing: Standing): string | null {
  if (standings === 'steps') return digestOfStanding(standing);
  return standings === 'turns' && standing.state !== 'nothing' ? digestOfState(standing) : null;
}

/** Of so many failures the output is told. */
const MOST_OUTPUTS = 5;

async function outputsOf(news: News, { failures }: Standing): Promise<readonly FailedOutput[]> {
  const found: FailedOutput[] = [];
  for (const failure of failures.slice(0, MOST_OUTPUTS)) {
    const output = await readOr(() => news.output(failure));
    // better told without its output than not told
    if (output instanceof NotDelivered) continue;
    const { host, guest, since } = failure;
    if (output !== null) found.push({ host, guest, since, output });
  }
  return found;
}

async function tellRecords(parts: TellParts, begun: Cursor, { newest }: Happened): Promise<Told> {
  let cursor = begun;
  let problem: NotDelivered | null = null;
  let left = MOST_IN_A_ROUND;
  for (const [host, place] of newest) {
    const after = toldUpTo(cursor, host, place);
    if (after === null) continue;
    if (!parts.mayGoOn() || left <= 0) return { cursor, problem, more: true };
    const most = left;
    const records = await readOr(() => parts.news.records(host, after, most));
    if (records instanceof NotDelivered) {
      // one host that cannot be read holds up no other
      problem ??= records;
      continue;
    }
    const told = await tellEach(parts, cursor, records);
    cursor = told.cursor;
    left -= records.length;
    if (told.problem !== null || told.more) return told;
  }
  return { cursor, problem, more: left <= 0 };
}

/** What cannot be read now is told later: what was told before it must not be forgotten for that. */
async function readOr<T>(read: () => Promise<T>): Promise<T | NotDelivered> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof BoxreeveError) return new NotDelivered(error.message, 'this');
    throw error;
  }
}

/** So many at once as the target takes. What it does not want to hear of is told as well, in no words. */
async function tellEach(parts: TellParts, begun: Cursor, records: readonly SignedRecord[]): Promise<Told> {
  const { target, mayGoOn } = parts;
  let cursor = begun;
  let batch: Message[] = [];
  let reached: SignedRecord | null = null;
  const flush = async (): Promise<NotDelivered | null> => {
    const failed = batch.length === 0 ? null : await deliver(parts, batch);
    batch = [];
    if (failed === null && reached !== null) cursor = toldRecord(cursor, reached.record.host, reached.place);
    return failed;
  };
  for (const each of records) {
    if (!mayGoOn()) break;
    if (target.wants?.(each.record)) batch.push({ kind: 'record', id: each.record.id, record: each.record });
    reached = each;
    if (batch.length < target.most) continue;
    const failed = await flush();
    if (failed !== null) return { cursor, problem: failed, more: false };
  }
  const problem = await flush();
  return { cursor, problem, more: problem === null && !mayGoOn() };
}

/** null: it has them, or will never take them. Throws what is no matter of the target. */
async function deliver(parts: TellParts, messages: readonly Message[]): Promise<NotDelivered | null> {
  try {
    await parts.target.deliver(messages, parts.signal);
    return null;
  } catch (error) {
    if (!(error instanceof NotDelivered)) throw error;
    if (error.again !== 'never') return error;
    parts.passedOver(error.message);
    return null;
  }
}
