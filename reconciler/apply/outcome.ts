/** What became of an action. */
import type { Exposure } from '../exposure/exposure.ts';
import type { Action } from '../plan/plan.ts';

export type ProbeResult = {
  readonly guest: string;
  readonly name: string;
  readonly ok: boolean;
  /** What it printed (redacted, cut), or why it could not be run. */
  readonly detail: string;
  readonly durationMs: number;
};

export type ActionOutcome = {
  readonly action: Action;
  readonly result:
    | 'done'
    /** Asked for; what came of it is told by the next record. Of a reboot only. */
    | 'begun'
    | 'failed'
    /** A need was not met; nothing was done. */
    | 'skipped'
    /** Cut by a crash, a signal or a limit on time before it ended. */
    | 'interrupted';
  /** ISO 8601 UTC; null for what never began. */
  readonly startedAt: string | null;
  readonly durationMs: number;
  /** Of the last process it ran; null if none, or ended by a signal. */
  readonly exitStatus: number | null;
  /** Tail of the output, redacted, at most 8 KiB. */
  readonly output: string;
  /** Why, if it did not succeed, in a sentence; null otherwise. */
  readonly error: string | null;
  /**
   * The guest's own doing (its init failed, it never came up, a probe did not match): remember the fingerprint and do not
   * try it again. False for what may come right by itself (Vagrant busy, provider away, disk full).
   */
  readonly guestAtFault: boolean;
  readonly probes: readonly ProbeResult[];
  /** Who can get into the guest that it brought up; absent where nobody looked. */
  readonly exposure?: Exposure;
};

/** Where the progress of an attempt is written, before and after each step (the journal). */
export interface AttemptLog {
  readonly id: string;
  /** Durable when it returns. Nothing of the action may have happened before. */
  begin(action: Action): Promise<void>;
  /** A process was started for the action under way: what to look for after a crash. */
  note(process: { readonly pid: number; readonly startedAt: string }): Promise<void>;
  /** Durable when it returns. */
  end(outcome: ActionOutcome): Promise<void>;
}
