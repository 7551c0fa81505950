/**
 * What the infra repo asks of one host, fully resolved: references followed, defaults filled in, `{host}` replaced,
 * durations in milliseconds. Pure data, serialisable as JSON: it is kept as the memory of what last worked.
 */
import type { RecordOutcome } from '../audit/record.ts';

/** A box version, as the catalogue (`boxes/<name>.yaml`) has it. */
export type BoxSpec = {
  readonly name: string;
  readonly version: string;
  readonly provider: string;
  /** SHA-256 of the `.box` file, 64 lower-case hex digits. */
  readonly sha256: string;
  /** Size of the `.box` file in bytes. */
  readonly size: number;
  /** Where the file can be had, tried in order. */
  readonly sources: readonly string[];
  /** SHA-256 of its chunk list, 64 lower-case hex digits; absent: it has none, and is fetched as a whole. */
  readonly chunks?: string;
};

/** Which boxes a host keeps besides those that are, or are to be, in use. */
export type KeepSpec = {
  /** So many older versions of each box stay in Vagrant's store. */
  readonly older: number;
  /** Whether `.box` files stay once Vagrant has them; null: where others can make use of them. */
  readonly files: boolean | null;
};

/** A file of a guest's folder, `guest.yaml` itself left out. */
export type GuestFile = {
  /** Relative to the guest's folder, with `/` between its parts; never absolute, never with `..`. */
  readonly path: string;
  readonly executable: boolean;
  /** Git object id of the content; a place to read it from, no proof of what it is. */
  readonly oid: string;
  readonly sha256: string;
  readonly size: number;
};

/** A command run in the guest over SSH, and what its output must match. */
export type ProbeSpec = {
  readonly name: string;
  readonly run: string;
  /** Regular expression that standard output, white space around it left out, must match; null if exit status 0 is enough. */
  readonly expect: string | null;
};

/** How the CI agent of a guest is taken off its pool and put back. */
export type AgentSpec =
  | { readonly system: 'none' }
  | {
      readonly system: 'command';
      /** Argument vectors, run on the host without a shell. */
      readonly drain: readonly string[];
      readonly idle: readonly string[];
      readonly undrain: readonly string[];
    }
  | {
      readonly system: 'azure-pipelines' | 'github-actions' | 'gitlab-runner' | 'buildkite' | 'jenkins';
      readonly settings: Readonly<Record<string, string>>;
    };

export type Weekday = 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun';

/** A span of the day. `to` not later than `from` means: until `to` on the next day. */
export type SpanSpec = {
  /** The days on which it begins. */
  readonly days: readonly Weekday[];
  /** Local wall-clock time `HH:MM`. */
  readonly from: string;
  readonly to: string;
};

/** When disruptive actions may start; what its parts mean is told in gate/window.ts. */
export type WindowSpec = {
  readonly name: string;
  /** IANA time zone. */
  readonly timezone: string;
  /** Dates (`2026-12-24`) and ranges of dates (`2026-12-24/2027-01-02`) on which it does not open. */
  readonly except?: readonly string[];
} & (
  | SpanSpec
  | { readonly spans: readonly SpanSpec[] }
  /** Opens at each time of a cron expression, for so many milliseconds. */
  | { readonly cron: string; readonly for: number }
);

/** A way in which others can get into a guest. */
export type ExposureKind = 'ssh-beyond-host' | 'insecure-key' | 'password-login';

export type GuestSpec = {
  readonly name: string;
  readonly box: BoxSpec;
  readonly provider: string;
  readonly env: Readonly<Record<string, string>>;
  /** Names only. */
  readonly secrets: readonly string[];
  /** Sorted by path. */
  readonly files: readonly GuestFile[];
  readonly agent: AgentSpec;
  /** Path of the CI agent's log in the guest, for `boxreeve logs`. */
  readonly log: string;
  readonly probes: readonly ProbeSpec[];
  /** Limits in milliseconds; `probe` for each probe. */
  readonly timeouts: { readonly up: number; readonly drain: number; readonly probe: number };
  /** null: disruptive actions may start at any time. */
  readonly window: WindowSpec | null;
  /** Rebuild from the box this often with nothing changed; null: never. Milliseconds. */
  readonly recycleEvery: number | null;
  /** A change does not wait for the window; why, or '' where nobody says. Absent: it waits. */
  readonly urgent?: string;
  /** Why the CI job that runs is ended for a change. Absent: none ever is. */
  readonly interruptJobs?: string;
  /** Ways into it that it must not have. Absent: whatever is found is only reported. */
  readonly refuses?: readonly ExposureKind[];
  /** SHA-256 (hex) over everything the guest is built from; see `fingerprint.ts`. */
  readonly fingerprint: string;
};

export type RebootSpec = {
  /** Longest time since it was last booted, in milliseconds; null: however long. */
  readonly every: number | null;
  /** Name of a change that needs a reboot: each name is rebooted for once; null: none. */
  readonly after: string | null;
};

/** Which hosts of the fleet. */
export type HostSelector =
  | { readonly by: 'label'; readonly label: string }
  | { readonly by: 'name'; readonly hosts: readonly string[] }
  /** So many in a hundred of all hosts, of those that are not taken yet. */
  | { readonly by: 'percent'; readonly percent: number };

export type WaveSpec = {
  readonly hosts: HostSelector;
  /** How long the wave must have been healthy before the next one begins, in milliseconds. */
  readonly soak: number;
};

/** A server that speaks the FleetLock protocol. */
export type LockServer = { readonly url: string; readonly group: string };

/** How a change reaches the hosts of the fleet; what it means is told in rollout/decide.ts. */
export type RolloutSpec = {
  /** In order; hosts in none of them are one more, the last. */
  readonly waves: readonly WaveSpec[];
  /** Guests that may be out of service at one time. `percent`: of the fleet's guests, rounded down, at least one. */
  readonly maxUnavailable: { readonly count: number } | { readonly percent: number };
  /** Hosts on which a change may fail before it is halted: at this many it is. */
  readonly haltAfterFailures: number;
  readonly requireProbes: boolean;
  readonly onHalt: 'stay' | 'rollback';
  readonly proposeRevert: boolean;
  /** A lock server that leases are taken from, in place of branches of the infra repo; null: there is none. */
  readonly fleetLock: LockServer | null;
};

/** What a target of events is told: records by their outcome, and what becomes of a roll-out. */
export type NotifyEvent = 'roll-out' | RecordOutcome;

/** Who is told what becomes of changes. `name` is its own among the targets; `token` and `secret` are names of secrets. */
export type NotifyTarget =
  | ({ readonly to: 'github'; readonly repository: string } & ForgeTarget)
  | ({ readonly to: 'gitlab'; readonly project: string } & ForgeTarget)
  | ({
      readonly to: 'azure-devops';
      readonly organization: string;
      readonly project: string;
      readonly repository: string;
    } & ForgeTarget)
  | {
      readonly to: 'webhook';
      readonly name: string;
      readonly url: string;
      readonly secret: string;
      readonly on: readonly NotifyEvent[];
    }
  | {
      readonly to: 'email';
      readonly name: string;
      readonly from: string;
      readonly recipients: readonly string[];
      readonly on: readonly NotifyEvent[];
    };

type ForgeTarget = {
  readonly name: string;
  readonly url: string;
  readonly token: string;
  /** What the commit status is called. */
  readonly context: string;
};

/** Something is left as it is for a time, by a commit of the infra repo. */
export type HoldSpec = {
  /** null: all of the host's guests, and the host itself. */
  readonly guest: string | null;
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly until: number;
  /** `file:line:column`. */
  readonly place: string;
};

/** What a commit of the infra repo asks of one host. */
export type HostSpec = {
  readonly host: string;
  /** Where it stands among the fleet's hosts in the order of their names: 0 for the first, and less than 1 for the last. */
  readonly place: number;
  /** Hosts of the fleet, this one among them. */
  readonly fleetSize: number;
  readonly labels: readonly string[];
  /** The host's public key as the repo has it, in OpenSSH form (`ssh-ed25519 AAAA…`); who may sign its records. */
  readonly auditKey: string;
  /** The one that may sign them as well, and is to follow it; null: none. */
  readonly nextAuditKey: string | null;
  /** The host's own window, for what concerns it as a whole; null: any time. */
  readonly window: WindowSpec | null;
  /** When the host itself is rebooted; null: never. */
  readonly reboot: RebootSpec | null;
  readonly guests: readonly GuestSpec[];
  /** Which boxes stay on it; absent in what older versions wrote. */
  readonly keep?: KeepSpec;
  /** null: a change waits for no other host. */
  readonly rollout: RolloutSpec | null;
  /** Those of the fleet's holds that are about this host, whether they are over or not. */
  readonly holds: readonly HoldSpec[];
  /** Who is told what becomes of changes; absent: nobody. */
  readonly notify?: readonly NotifyTarget[];
  /** Names of every box the catalogue has: only these are ever removed from the host. */
  readonly catalogue: readonly string[];
  /** Longest time between two records, in milliseconds. */
  readonly checkInEvery: number;
  /** URL or absolute path of the repository that hosts push to; null: it is the infra repo. */
  readonly auditRepo: string | null;
  /** Audit branch of this host, such as `audit/builder1`. */
  readonly auditBranch: string;
  /** So many the records of all hosts may take, but for those that somebody waits for. */
  readonly pushesPerMinute: number;
  readonly requireSignedCommits: boolean;
  /** How old the newest commit may be before it is an alarm, in milliseconds; null: as old as it likes. */
  readonly freshness: number | null;
  /** Things a person should know that are no mistake. */
  readonly warnings: readonly string[];
};
