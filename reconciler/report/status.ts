/**
 * `boxreeve status`: this host, desired against observed. Light on purpose: it is loaded by a command that must answer in
 * milliseconds.
 */
import { showDuration } from '../duration.ts';
import {
  type Check,
  isBoolean,
  isNumber,
  isOneOf,
  isString,
  listOf,
  objectOf,
  orNull,
} from '../observed/check.ts';

export type GuestStatus = {
  readonly name: string;
  /** `running`, `stopped`, `absent`, `forgotten`, `vanished`, `unknown`. */
  readonly machine: string;
  readonly inSync: boolean;
  /** Box it should run, and the one it runs, as `name version`; null where unknown. */
  readonly desiredBox: string | null;
  readonly box: string | null;
  readonly desiredFingerprint: string | null;
  readonly fingerprint: string | null;
  /** Vagrant project folder. */
  readonly folder: string;
};

export type ViolationLine = {
  readonly guest: string;
  readonly kind: string;
  readonly detail: string;
  readonly refused: boolean;
};

/** What is left as it is for a time, by a hold of the infra repo or by a pause of a guest. */
export type HoldLine = {
  /** null: all of the host's guests, and the host itself. */
  readonly guest: string | null;
  readonly reason: string;
  readonly until: string | null;
  /** Of the hold; null: a pause. */
  readonly place: string | null;
};

export type StatusDocument = {
  readonly host: string;
  /** When this was true, ISO 8601 UTC. */
  readonly time: string;
  /** `new` before the first reconcile. */
  readonly state: 'new' | 'in-sync' | 'changing' | 'waiting' | 'failed' | 'refused' | 'unknown';
  readonly desired: { readonly commit: string; readonly subject: string } | null;
  readonly guests: readonly GuestStatus[];
  /** What is to be done, each with what holds it. */
  readonly pending: readonly {
    readonly action: string;
    readonly reason: string;
    readonly gates: readonly string[];
  }[];
  /** Drift that is left as it is, and why. */
  readonly held: readonly string[];
  /** Ways in which others can get into the guests, as last looked for. `refused`: by policy, so that the host counts as failed. */
  readonly violations: readonly ViolationLine[];
  /** When the next window opens, ISO 8601 UTC; null if none is waited for. */
  readonly nextWindow: string | null;
  readonly paused: { readonly reason: string; readonly until: string | null } | null;
  /** Those in force. */
  readonly holds: readonly HoldLine[];
  readonly lastRecord: {
    readonly sequence: number;
    readonly id: string;
    readonly time: string;
    readonly kind: string;
    readonly outcome: string;
    readonly summary: string;
  } | null;
  /** Records the remote does not have yet. */
  readonly unpushed: number;
  /** Why a commit was refused, the remote is away, nothing newer may be coming, the audit cannot be pushed; null where all is well. */
  readonly refused: string | null;
  readonly offline: string | null;
  readonly stale: string | null;
  readonly auditProblem: string | null;
  readonly notes: readonly string[];
  /** The daemon that answered; null if this was read from disk. */
  readonly daemon: { readonly pid: number; readonly startedAt: string } | null;
};

/** Of a form that can be shown; the daemon is ours, and of the same version but for the minutes of an upgrade. */
export const isStatusDocument: Check<StatusDocument> = objectOf<StatusDocument>({
  host: isString,
  time: isString,
  state: isOneOf('new', 'in-sync', 'changing', 'waiting', 'failed', 'refused', 'unknown'),
  desired: orNull(objectOf<NonNullable<StatusDocument['desired']>>({ commit: isString, subject: isString })),
  guests: listOf(
    objectOf<GuestStatus>({
      name: isString,
      machine: isString,
      inSync: isBoolean,
      desiredBox: orNull(isString),
      box: orNull(isString),
      desiredFingerprint: orNull(isString),
      fingerprint: orNull(isString),
      folder: isString,
    }),
  ),
  pending: listOf(
    objectOf<StatusDocument['pending'][number]>({
      action: isString,
      reason: isString,
      gates: listOf(isString),
    }),
  ),
  held: listOf(isString),
  violations: listOf(
    objectOf<ViolationLine>({ guest: isString, kind: isString, detail: isString, refused: isBoolean }),
  ),
  nextWindow: orNull(isString),
  paused: orNull(
    objectOf<NonNullable<StatusDocument['paused']>>({ reason: isString, until: orNull(isString) }),
  ),
  holds: listOf(
    objectOf<HoldLine>({
      guest: orNull(isString),
      reason: isString,
      until: orNull(isString),
      place: orNull(isString),
    }),
  ),
  lastRecord: orNull(
    objectOf<NonNullable<StatusDocument['lastRecord']>>({
      sequence: isNumber,
      id: isString,
      time: isString,
      kind: isString,
      outcome: isString,
      summary: isString,
    }),
  ),
  unpushed: isNumber,
  refused: orNull(isString),
  offline: orNull(isString),
  stale: orNull(isString),
  auditProblem: orNull(isString),
  notes: listOf(isString),
  daemon: orNull(objectOf<NonNullable<StatusDocument['daemon']>>({ pid: isNumber, startedAt: isString })),
});

/** 0 unless the host is not what it should be and nothing is under way to mend it. */
export function statusExitCode(status: StatusDocument): number {
  return status.state === 'failed' || status.auditProblem !== null ? 1 : 0;
}

const HEADLINE: Readonly<Record<StatusDocument['state'], string>> = {
  new: 'has not run yet',
  'in-sync': 'in sync',
  changing: 'changing',
  waiting: 'waiting',
  failed: 'FAILED',
  refused: 'in sync with the last commit accepted; a newer one was REFUSED',
  unknown: 'cannot be observed in full',
};

function headline({ state, desired }: StatusDocument): string {
  return state === 'refused' && desired === null
    ? 'has NOTHING TO GO BY: the commit was REFUSED'
    : HEADLINE[state];
}

export function showStatus(status: StatusDocument): string {
  const lines = [
    `${status.host}: ${headline(status)}`,
    ...facts(status),
    ...guestLines(status),
    ...pendingLines(status),
  ];
  return `${lines.join('\n')}\n`;
}

function facts(status: StatusDocument): string[] {
  const record = status.lastRecord;
  const rows: (readonly [string, string | null])[] = [
    ['desired', status.desired && `${status.desired.commit.slice(0, 7)} ${status.desired.subject}`],
    ['paused', status.paused && pausedText(status.paused)],
    ['refused', status.refused],
    ['offline', status.offline],
    ['stale', status.stale],
    ['audit', status.auditProblem],
    ['last record', record && `#${record.sequence} ${record.time} ${record.outcome}: ${record.summary}`],
    ['unpushed', status.unpushed > 0 ? `${status.unpushed} records wait for the remote` : null],
    [
      'next window',
      status.nextWindow && `${status.nextWindow} (in ${untilText(status.nextWindow, status.time)})`,
    ],
    [
      'daemon',
      status.daemon
        ? `process ${status.daemon.pid} since ${status.daemon.startedAt}`
        : `none answers; as of ${status.time}`,
    ],
    ...status.holds.map((hold) => ['hold', holdText(hold)] as const),
    ...status.held.map((why) => ['held', why] as const),
    ...status.violations.map((violation) => ['violation', violationText(violation)] as const),
    ...status.notes.map((note) => ['note', note] as const),
  ];
  return rows.flatMap(([name, text]) =>
    text === null ? [] : [`  ${name.padEnd(12)} ${text.replaceAll('\n', `\n${' '.repeat(15)}`)}`],
  );
}

export function violationText({ guest, kind, detail, refused }: ViolationLine): string {
  return `${guest}: ${kind}${refused ? ' (REFUSED)' : ''}: ${detail}`;
}

function pausedText(paused: NonNullable<StatusDocument['paused']>): string {
  return `${paused.reason} (${paused.until === null ? 'until resumed' : `until ${paused.until}`})`;
}

function holdText({ guest, reason, until, place }: HoldLine): string {
  const end = until === null ? 'until resumed' : `until ${until}`;
  return `${guest === null ? '' : `${guest}: `}${reason} (${end}${place === null ? '' : `, ${place}`})`;
}

function untilText(then: string, now: string): string {
  return showDuration(Date.parse(then) - Date.parse(now));
}

function guestLines(status: StatusDocument): string[] {
  return status.guests.map((guest) => {
    const box =
      guest.box === guest.desiredBox
        ? guest.box
        : `${guest.box ?? 'no box'}, wants ${guest.desiredBox ?? 'to be gone'}`;
    return `  guest        ${guest.name}: ${guest.machine}, ${box ?? 'no box'}${guest.inSync ? '' : ' (drift)'}`;
  });
}

function pendingLines(status: StatusDocument): string[] {
  return status.pending.flatMap(({ action, reason, gates }) => [
    `  pending      ${action}: ${reason}`,
    ...gates.map((gate) => `               waits: ${gate}`),
  ]);
}
