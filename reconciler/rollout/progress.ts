/** How far a host is with a change, as its own records say it: what others go by. Pure data. */

export type GuestProgress = {
  /** What is asked for (`desired/fingerprint.ts`). */
  readonly fingerprint: string;
  /**
   * `pending`: the guest is something else yet. `unhealthy`: it is what is asked for, and does not run, or others can get in.
   * `failed`: what is asked for was tried and did not work, or the probes of what is there fail.
   */
  readonly state: 'pending' | 'healthy' | 'unhealthy' | 'failed';
  /** Since when it is in this state, ISO 8601 UTC. A rebuild of the same, proven, is no interruption. */
  readonly since: string;
  /**
   * The longest time that it was healthy with this fingerprint without interruption, by the host's own clock, in milliseconds; null:
   * it never was.
   */
  readonly healthyMs: number | null;
  /** Whether it has probes, and all passed when they were last run. */
  readonly probed: boolean;
  /** Why it is not healthy, in one line; '' where it is. */
  readonly detail: string;
};

/** A change that did not work on a host. */
export type Failure = {
  readonly host: string;
  /** As that host's progress has it: tells one failure from the next. */
  readonly since: string;
  readonly detail: string;
};

/** Tells one failure of a change from every other. */
export function failureKey({ host, since }: Pick<Failure, 'host' | 'since'>): string {
  return `${host} ${since}`;
}

/** A roll-out that is halted, as a record tells of it. It is in force as long as enough of its failures are not forgiven. */
export type Halt = {
  readonly guest: string;
  /** See `FleetFacts.changes`. */
  readonly change: string;
  readonly failures: readonly Failure[];
};

/** An approver's word that a roll-out goes on in spite of these failures. */
export type Resume = {
  readonly guest: string;
  readonly change: string;
  readonly forgiven: readonly Pick<Failure, 'host' | 'since'>[];
};

/** What the newest record of a host says. */
export type HostWord =
  | {
      readonly state: 'told';
      /** When the record was made, by that host's clock, ms since the epoch. */
      readonly at: number;
      /** By guest. */
      readonly progress: Readonly<Record<string, GuestProgress>>;
      readonly halts: readonly Halt[];
      /** What else than waves held it back when it made the record, in sentences; absent: nothing. For people. */
      readonly heldBy?: readonly string[];
    }
  /** It has no record, or none that can be believed, or one that does not say how far it is. `why` goes on after its name. */
  | { readonly state: 'silent'; readonly why: string };

/** A host of the fleet, as far as a roll-out goes. */
export type Member = {
  readonly name: string;
  readonly labels: readonly string[];
  /** Fingerprint that is asked for, by guest. */
  readonly guests: ReadonlyMap<string, string>;
  /** Its file cannot be read, so nobody knows which waves it is in; null: it can. */
  readonly broken: string | null;
};

/** What the commit that a host goes by says of the whole fleet. */
export type FleetFacts = {
  /** Sorted by name. */
  readonly members: readonly Member[];
  /** Of each guest of the asking host: the fingerprint with `{host}` left as it stands, which is the same on all hosts. */
  readonly changes: ReadonlyMap<string, string>;
  /** Guests that are asked of all hosts together. */
  readonly guestCount: number;
  /** Keys that sign each host's records, as `ssh-ed25519 AAAA…`: those it has and is about to have, none that is revoked. */
  readonly keys: ReadonlyMap<string, readonly string[]>;
};
