/** The audit record (DESIGN §5). Its JSON form is described by `desired-state/schema/audit-record.json`. */
import type { ActionOutcome, ProbeResult } from '../apply/outcome.ts';
import type { Violation } from '../exposure/exposure.ts';
import type { Gate } from '../gate/gates.ts';
import type { CommitInfo } from '../git/ports.ts';
import type { ActionKind, BoxRef } from '../plan/plan.ts';
import type { GuestProgress, Halt } from '../rollout/progress.ts';

export type RecordKind = 'applied' | 'waiting' | 'refused' | 'check-in' | 'paused' | 'resumed' | 'halted';

/** What became of the run as a whole; the trailer `Boxreeve-Outcome`. */
export type RecordOutcome =
  | 'applied'
  | 'rolled-back'
  | 'failed'
  /** Cut by a crash or a signal; the next run converges. */
  | 'interrupted'
  | 'waiting'
  | 'refused'
  | 'in-sync'
  /** Nothing failed, and the host is not what it should be: a probe fails, a failed change is held, a guest is exposed. */
  | 'unhealthy'
  | 'paused'
  | 'resumed'
  | 'halted';

/** What started a reconcile. */
export type Trigger = 'start' | 'poll' | 'watch' | 'manual' | 'trigger-file' | 'recovery';

export type RecordedAction = {
  readonly kind: ActionKind;
  readonly guest: string | null;
  readonly box: string | null;
  readonly reason: string;
  readonly before: string;
  readonly after: string;
  readonly result: ActionOutcome['result'];
  readonly start: string | null;
  readonly durationMs: number;
  readonly exitStatus: number | null;
  readonly output: string;
  readonly error: string | null;
};

/** A box of the catalogue that the host has. */
export type RecordedBox = BoxRef & {
  /** Of its file; null if Boxreeve did not add it. */
  readonly sha256: string | null;
  /** Whether Vagrant has it. */
  readonly added: boolean;
  /** Whether its file is here, whole and checked, for others to fetch. */
  readonly file: boolean;
  /** When the file's digest was last found right, ISO 8601 UTC; null if that is not known. */
  readonly verifiedAt: string | null;
  /** Guests that were built from it. */
  readonly usedBy: readonly string[];
};

/** The right to have guests out of service. */
export type RecordedLease = {
  /** Where it was taken: `git`, or the address of a FleetLock server. */
  readonly of: string;
  /** With the fencing number of each; empty where the server says none. */
  readonly slots: readonly { readonly slot: number; readonly token: number }[];
};

/** What a caller hands in; the audit log adds what only it knows (sequence, previous, witness). */
export type RecordDraft = {
  readonly kind: RecordKind;
  readonly outcome: RecordOutcome;
  /** UUID. */
  readonly id: string;
  /** When it was closed, ISO 8601 UTC. */
  readonly time: string;
  readonly trigger: Trigger;
  /** null when no commit could be read at all. */
  readonly desired: CommitInfo | null;
  readonly actions: readonly RecordedAction[];
  readonly gates: readonly Gate[];
  readonly probes: readonly ProbeResult[];
  /** Ways in which others can get into its guests; absent where nobody looked. */
  readonly violations?: readonly Violation[];
  /** Boxes of the catalogue that it has after the run; absent where nobody looked. */
  readonly boxes?: readonly RecordedBox[];
  /** How far each declared guest is with what is asked of it; absent where nobody looked. */
  readonly progress?: Readonly<Record<string, GuestProgress>>;
  /** Roll-outs that this host knows to be halted; absent: none. */
  readonly halts?: readonly Halt[];
  /** What it held while guests were out of service; absent: none was needed. */
  readonly lease?: RecordedLease;
  /** Fingerprint of each guest after the run; null for one that is not proven. */
  readonly fingerprints: Readonly<Record<string, string | null>>;
  readonly versions: {
    readonly boxreeve: string;
    readonly vagrant: string | null;
    readonly providers: Readonly<Record<string, string>>;
  };
  /** What a person should know besides: strangers seen, a record put back, why it was refused. */
  readonly notes: readonly string[];
  /** Subject of the commit message, without the host's name. */
  readonly summary: string;
};

export type AuditRecord = Omit<RecordDraft, 'summary'> & {
  readonly apiVersion: 'boxreeve/v1';
  readonly summary: string;
  readonly host: string;
  /** Counts from 1 without gaps. */
  readonly sequence: number;
  /** `sha256:` + digest of the previous record's bytes; null for the first. */
  readonly previous: string | null;
  /** Repository that the account goes on in; absent: the infra repo. */
  readonly auditRepo?: string;
  /** Tips of the other hosts' audit branches, as last seen. */
  readonly witness: Readonly<Record<string, string>>;
};

/** The host's own audit branch: a signed, append-only chain, kept locally first and pushed when the remote is there. */
export interface AuditLog {
  /** Signs and appends; durable when it resolves. A draft whose id is the tip's is not appended again. */
  append(draft: RecordDraft): Promise<AuditRecord>;
  /** Pushes whatever the remote lacks, in order. Throws RemoteUnreachable (try later) or AuditDiverged. */
  push(signal?: AbortSignal): Promise<{ readonly pushed: number }>;
  /** The last record of this host; null if there is none. */
  last(): Promise<AuditRecord | null>;
  /**
   * The commit that the newest record went by, refusals apart: what this host follows, if it remembers nothing itself. null if
   * no record names one. Throws RemoteUnreachable if it has no chain here and the remote cannot be asked for it.
   */
  lastFollowed(): Promise<string | null>;
  /** Records not yet known to be on the remote. */
  unpushed(): Promise<number>;
}
