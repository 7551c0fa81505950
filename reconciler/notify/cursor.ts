/**
 * How far the telling is, of one target. Pure.
 *
 * 1. A message is delivered first, and the cursor advanced by it afterwards: what was cut in between is told again, by the same id.
 * 2. Records are told one by one, in the order of each host's numbers. What has been told of a host is its last number, and by which
 *    key it was signed: a host that begins anew has another key, and counts from 1.
 * 3. Of a commit its standing is told: what it is now, not each that it has been. It stays open until the last one is told.
 * 4. A target that is new is told nothing of what was before it.
 */
import type { Check } from '../observed/check.ts';
import { isNumber, isString, listOf, objectOf, orNull, recordOf } from '../observed/check.ts';

export type OpenCommit = {
  readonly commit: string;
  /** Digest of the standing that was told last; null: none yet. */
  readonly told: string | null;
  /** Standings told so far. */
  readonly count: number;
};

/** The last record of a host that was told. `key`: digest of the key that signed it. */
export type RecordPlace = { readonly sequence: number; readonly key: string };

export type Cursor = {
  /** The newest commit that was taken up. */
  readonly seen: string;
  /** Oldest first. */
  readonly open: readonly OpenCommit[];
  /** By host. */
  readonly records: Readonly<Record<string, RecordPlace>>;
};

export const isCursor: Check<Cursor> = objectOf<Cursor>({
  seen: isString,
  open: listOf(objectOf<OpenCommit>({ commit: isString, told: orNull(isString), count: isNumber })),
  records: recordOf(objectOf<RecordPlace>({ sequence: isNumber, key: isString })),
});

/** What is new at the remote. */
export type Happened = {
  /** The commit that hosts follow. */
  readonly followed: string;
  /** Commits that came since `seen`, oldest first, the followed one included if it changed desired state. */
  readonly commits: readonly string[];
  /** The newest record of each host that is believed. */
  readonly newest: ReadonlyMap<string, RecordPlace>;
};

/** Commits of which a target is told at a time; the oldest are let go of. */
const MOST_OPEN = 100;

export function beginAt({ followed, newest }: Happened): Cursor {
  const open = [{ commit: followed, told: null, count: 0 }];
  return { seen: followed, open, records: Object.fromEntries(newest) };
}

export function takeUp(cursor: Cursor, { followed, commits }: Happened): Cursor {
  if (cursor.seen === followed) return cursor;
  const known = new Set(cursor.open.map(({ commit }) => commit));
  const fresh = commits.filter((commit) => !known.has(commit));
  const open = [...cursor.open, ...fresh.map((commit) => ({ commit, told: null, count: 0 }))];
  return { ...cursor, seen: followed, open: open.slice(-MOST_OPEN) };
}

/** @param final nothing more is to come of it */
export function toldStanding(cursor: Cursor, commit: string, digest: string, final: boolean): Cursor {
  const open = cursor.open.flatMap((each) => {
    if (each.commit !== commit) return [each];
    return final ? [] : [{ ...each, told: digest, count: each.count + 1 }];
  });
  return { ...cursor, open };
}

export function toldRecord(cursor: Cursor, host: string, place: RecordPlace): Cursor {
  return { ...cursor, records: Object.fromEntries([...Object.entries(cursor.records), [host, place]]) };
}

/** Of a host that was not heard of before, so many records are told. */
const MOST_OF_NEW_HOST = 20;

/** The number after which a host's records are to be told; null: all are told. A branch that went back tells nothing new. */
export function toldUpTo(cursor: Cursor, host: string, { sequence, key }: RecordPlace): number | null {
  const place = Object.hasOwn(cursor.records, host) ? cursor.records[host] : undefined;
  if (place === undefined || (sequence < place.sequence && key !== place.key)) {
    return Math.max(0, sequence - MOST_OF_NEW_HOST);
  }
  return sequence > place.sequence ? place.sequence : null;
}
