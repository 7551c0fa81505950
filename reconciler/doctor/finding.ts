/** What `boxreeve doctor` finds on a host, and how a check is asked. Each check is a file of its own, listed in `checks.ts`. */
import type { OwnPeer } from '../boxes/peers/own-peer.ts';
import type { HostConfig } from '../host-config.ts';
import type { StateDir } from '../state-dir.ts';

/** `unknown`: it could not be looked at, and why. */
export type Finding = {
  /** Name of the check, such as `peer-user`. */
  readonly check: string;
  readonly state: 'good' | 'bad' | 'unknown';
  /** What was found, a sentence without its end. */
  readonly says: string;
  /** What follows from it, if it is not good. */
  readonly means: string | null;
  /** A command, or what else to do about it. */
  readonly mend: string | null;
};

/** What is looked at. */
export type Subject = {
  readonly config: HostConfig;
  readonly dirs: StateDir;
  /** What the followed commit says of this host as a peer. */
  readonly own: OwnPeer;
  /** The system's sshd, and arguments that every call of it gets. */
  readonly sshd: readonly string[];
};

export type Check = {
  readonly name: string;
  /** Nothing, where it does not concern this host. May throw: it is then not known. */
  look(subject: Subject): Promise<readonly Finding[]>;
};

export function good(check: string, says: string): Finding {
  return { check, state: 'good', says, means: null, mend: null };
}

export function bad(check: string, says: string, means: string, mend: string): Finding {
  return { check, state: 'bad', says, means, mend };
}

export function unknown(check: string, says: string, mend: string | null = null): Finding {
  return { check, state: 'unknown', says, means: null, mend };
}
