/** What the tests of every forge ask of its server. */
import type { NotifyTarget } from '../../../reconciler/desired/spec.ts';
import type { CiServer } from '../ci/http-server.ts';

export type ForgeLab = {
  readonly server: CiServer;
  readonly target: NotifyTarget;
  readonly token: string;
  /** A merged pull request that brought a commit. */
  merged(commit: string): void;
  /** Somebody comments on the pull request. */
  says(text: string): void;
  /** Texts of the comments on it, oldest first. */
  comments(): readonly string[];
  /** Statuses of a commit as a person sees them, the newest first: `state: description`, of our context. */
  statuses(commit: string): readonly string[];
};

export const PULL_REQUEST = 42;
