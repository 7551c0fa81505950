/** One record against what stands before it. Pure. */
import { CLOCK_TOLERANCE, type Problem, short } from './finding.ts';
import type { Link } from './read-links.ts';
import type { AuditRecord } from './record.ts';

/** What stands at a commit of an audit branch: all that is needed to judge the next one. */
export type Standing = {
  readonly commit: string;
  readonly sequence: number;
  /** Of the record's bytes. */
  readonly digest: string;
  /** What the record itself follows on. */
  readonly previous: string | null;
  readonly time: string;
  /** Last known fingerprint of each guest. */
  readonly fingerprints: Readonly<Record<string, string>>;
  /** The newest key that signed a record up to here, `ssh-ed25519 AAAA…`; null: none that counts. */
  readonly newestKey: string | null;
};

/** @param skipped commits since `before` that are no records */
export function judgeLink(link: Link, before: Standing | null, skipped: number): readonly Problem[] {
  const problems: Problem[] = [];
  if (!link.content.ok) problems.push({ kind: 'malformed', problem: link.content.why });
  else problems.push(...judgeRecord(link.content.record, before, skipped));
  if (link.parents.length > 1)
    problems.unshift({
      kind: 'malformed',
      problem: 'is a merge: the history of an audit branch is one line',
    });
  return problems;
}

/** What stands once the record is there. */
export function standingAfter(
  commit: string,
  { record, digest }: { readonly record: AuditRecord; readonly digest: string },
  before: Standing | null,
  newestKey: string | null,
): Standing {
  const known = Object.entries(toldBy(record)).flatMap(([guest, print]) =>
    print === null ? [] : [[guest, print] as const],
  );
  const kept = Object.entries(before?.fingerprints ?? {}).filter(([guest]) => !isActedOn(record, guest));
  return {
    commit,
    sequence: record.sequence,
    digest,
    previous: record.previous,
    time: record.time,
    fingerprints: { ...Object.fromEntries(kept), ...Object.fromEntries(known) },
    newestKey,
  };
}

function judgeRecord(record: AuditRecord, before: Standing | null, skipped: number): readonly Problem[] {
  const order = judgeOrder(record, before, skipped);
  if (before === null) return order;
  return [
    ...order,
    ...judgeTime(record, before),
    // where records are missing, what they said is too
    ...(order.length > 0 || skipped > 0 ? [] : judgeFingerprints(record, before)),
  ];
}

function judgeOrder(record: AuditRecord, before: Standing | null, skipped: number): readonly Problem[] {
  const due = (before?.sequence ?? 0) + 1;
  const { sequence, previous } = record;
  if (sequence > due + skipped) return [gap(sequence, due)];
  if (sequence < due)
    return [
      {
        kind: 'fork',
        problem: `has number ${sequence} where ${due} is due: two records claim one number`,
      },
    ];
  if (sequence > due || previous === (before?.digest ?? null)) return [];
  if (before === null)
    return [{ kind: 'gap', problem: 'is the first, and follows on a record that is not there' }];
  if (previous === before.previous)
    return [
      {
        kind: 'fork',
        problem: `follows on the same record as ${short(before.commit)} before it: two records claim one place`,
      },
    ];
  return [
    {
      kind: 'rewritten',
      problem: `does not carry the digest of the record before it: ${short(before.commit)} is not what it followed on`,
    },
  ];
}

function gap(sequence: number, due: number): Problem {
  const count = sequence - due;
  const missing = count === 1 ? 'a record is' : `${count} records are`;
  return { kind: 'gap', problem: `has number ${sequence} where ${due} is due: ${missing} missing before it` };
}

function judgeTime({ time }: AuditRecord, before: Standing): readonly Problem[] {
  if (Date.parse(time) >= Date.parse(before.time) - CLOCK_TOLERANCE) return [];
  return [{ kind: 'clock', problem: `is dated ${time}, before the record it follows on (${before.time})` }];
}

/** A guest changes by an action that is recorded; one that nobody acted on is what it was. */
function judgeFingerprints(record: AuditRecord, before: Standing): readonly Problem[] {
  return Object.entries(toldBy(record)).flatMap(([guest, print]) => {
    // a guest may be called `constructor`, which every object has something of
    const was = Object.hasOwn(before.fingerprints, guest) ? before.fingerprints[guest] : undefined;
    if (print === null || print === was || isActedOn(record, guest)) return [];
    return [
      {
        kind: 'unrecorded-change' as const,
        problem:
          was === undefined
            ? `has a guest ${guest} that the record before it does not know, and no action that made it`
            : `has another ${guest} than the record before it (fingerprint ${print}, was ${was}), and no action that changed it`,
      },
    ];
  });
}

/** A pause may be recorded while an attempt is under way, whose own record comes after it. */
function toldBy({ kind, fingerprints }: AuditRecord): AuditRecord['fingerprints'] {
  return kind === 'paused' || kind === 'resumed' ? {} : fingerprints;
}

function isActedOn({ actions }: AuditRecord, guest: string): boolean {
  return actions.some((action) => action.guest === guest && action.result !== 'skipped');
}
