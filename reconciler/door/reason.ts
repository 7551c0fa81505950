/** Why a push is refused, in words for whoever pushed. Pure. */
import { ExitCode, type Place } from '../errors.ts';

/** `untrusted`: it cannot be believed. `invalid`: it is written wrongly. */
export type ReasonKind = 'untrusted' | 'invalid';

export type Reason = {
  readonly kind: ReasonKind;
  readonly ref: string;
  /** The commit it is about; null: the ref as a whole. */
  readonly commit: string | null;
  /** Where in a file, if it is about one. */
  readonly place: Place | null;
  readonly problem: string;
  /** What to do next; a sentence. */
  readonly advice: string;
};

/** Whether it can be believed goes before whether it is well written (docs/explanation/exit-codes.md). */
export function exitCodeOf(reasons: readonly Reason[]): ExitCode {
  if (reasons.some(({ kind }) => kind === 'untrusted')) return ExitCode.untrusted;
  return reasons.length > 0 ? ExitCode.invalidInput : ExitCode.fine;
}
