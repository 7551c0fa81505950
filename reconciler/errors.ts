/**
 * Errors typed by what their reader must do about them. Each says what is wrong and what to do next; none is shown
 * with a stack trace. Whatever is not one of these is a defect of Boxreeve, and is reported as such.
 */

/** A place in a file of the infra repo or of the host. Lines and columns count from 1. */
export type Place = { readonly file: string; readonly line?: number; readonly column?: number };

/** One mistake in a file that a person wrote. */
export type Complaint = { readonly place: Place; readonly message: string };

/** `file:line:column`, as far as it is known. */
export function showPlace(place: Place): string {
  return [place.file, place.line, place.column].filter((part) => part !== undefined).join(':');
}

/** One line of text: where, and what is wrong. */
export function showComplaint(complaint: Complaint): string {
  return `${showPlace(complaint.place)} ${complaint.message}`;
}

/** Exit codes of the command line (DESIGN §7). */
export const ExitCode = {
  fine: 0,
  failed: 1,
  changesPending: 2,
  invalidInput: 3,
  untrusted: 4,
  gated: 5,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** Base of every error that is meant for a person. */
export abstract class BoxreeveError extends Error {
  abstract readonly exitCode: ExitCode;
  override get name(): string {
    return this.constructor.name;
  }
}

/** The desired state of a commit (or of a checkout) is wrong: someone must correct the files. All mistakes at once. */
export class InvalidDesiredState extends BoxreeveError {
  readonly exitCode = ExitCode.invalidInput;
  readonly complaints: readonly Complaint[];
  constructor(complaints: readonly Complaint[]) {
    super(complaints.map(showComplaint).join('\n'));
    this.complaints = complaints;
  }
}

/** host.yaml or a command's arguments are wrong: someone on the host must correct them. */
export class InvalidHostConfig extends BoxreeveError {
  readonly exitCode = ExitCode.invalidInput;
}

/** The commit may not be applied: unsigned, signed by a stranger, or not a descendant of the last one applied. */
export class UntrustedCommit extends BoxreeveError {
  readonly exitCode = ExitCode.untrusted;
  readonly commit: string;
  constructor(commit: string, why: string) {
    super(why);
    this.commit = commit;
  }
}

/** The remote cannot be reached, or did not answer in time. Comes right by itself: try again later. */
export class RemoteUnreachable extends BoxreeveError {
  readonly exitCode = ExitCode.failed;
}

/** Git on this host failed in a way that is no matter of the network: someone must look at the host. */
export class GitFailed extends BoxreeveError {
  readonly exitCode = ExitCode.failed;
}

/** Another reconciler is at work on this host. */
export class HostLocked extends BoxreeveError {
  readonly exitCode = ExitCode.failed;
}

/** A secret's value cannot be had on this host: someone on the host must provide it. Never carries the value. */
export class SecretUnavailable extends BoxreeveError {
  readonly exitCode = ExitCode.failed;
}

/** Too little room on a disk for what was about to be done. */
export class DiskShort extends BoxreeveError {
  readonly exitCode = ExitCode.failed;
}

/** Whether a change may go on cannot be told from what the repo says: someone must correct it. Nothing is changed meanwhile. */
export class RolloutBlocked extends BoxreeveError {
  readonly exitCode = ExitCode.gated;
}

/** The audit branch on the remote is not the one this host wrote: someone tampered, or two hosts share a name. */
export class AuditDiverged extends BoxreeveError {
  readonly exitCode = ExitCode.failed;
}
