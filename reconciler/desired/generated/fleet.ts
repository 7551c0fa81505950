/** Made by setup/generate-types.mjs from desired-state/schema/fleet.json: change that, not this. */

/**
 * Days on which the window opens; beside `spans`, the days of those that name none.
 *
 * @minItems 1
 */
export type Days = [
  'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
  ...('mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun')[]
];
/**
 * Days on which it begins; those of the window if left out.
 *
 * @minItems 1
 */
export type Days1 = [
  'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun',
  ...('mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun')[]
];
/**
 * Dates in its time zone on which it does not open. What opened the day before goes on to its end.
 *
 * @maxItems 366
 */
export type Dates = string[];
/**
 * Dates on which no window opens, each by the clock of its own time zone, such as `2026-12-24/2027-01-02`. What opened the day before goes on to its end.
 *
 * @maxItems 366
 */
export type Dates1 = string[];
/**
 * What follows when others can get into a guest, unless the guest says otherwise: `report`, it is recorded; `refuse`, a guest that is built so counts as failed, and a check-in as unhealthy. Without it, `report`.
 */
export type Exposure =
  | string
  | {
      /**
       * The guest's SSH answers on a port of the host that is bound beyond loopback.
       */
      'ssh-beyond-host'?: 'report' | 'refuse';
      /**
       * The guest lets in whoever has Vagrant's well-known key.
       */
      'insecure-key'?: 'report' | 'refuse';
      /**
       * The guest lets in user `vagrant` with the well-known password, over SSH.
       */
      'password-login'?: 'report' | 'refuse';
    };
/**
 * Where messages go. `to` says which system; the other keys depend on it.
 */
export type Target = TargetGithub | TargetGitlab | TargetAzureDevops | TargetWebhook | TargetEmail;
/**
 * What the status is called there; two fleets that report on the same commits need two.
 */
export type TargetContext = string;
/**
 * What is told. Without it, everything but `in-sync`.
 *
 * @minItems 1
 */
export type Events = [
  (
    | 'roll-out'
    | 'applied'
    | 'rolled-back'
    | 'failed'
    | 'interrupted'
    | 'waiting'
    | 'refused'
    | 'in-sync'
    | 'unhealthy'
    | 'paused'
    | 'resumed'
    | 'halted'
  ),
  ...(
    | 'roll-out'
    | 'applied'
    | 'rolled-back'
    | 'failed'
    | 'interrupted'
    | 'waiting'
    | 'refused'
    | 'in-sync'
    | 'unhealthy'
    | 'paused'
    | 'resumed'
    | 'halted'
  )[]
];
export type MailAddress = string;
/**
 * What is told. Without it, roll-outs, and what went wrong: `failed`, `rolled-back`, `interrupted`, `refused`, `unhealthy`, `halted`.
 *
 * @minItems 1
 */
export type Events1 = [
  (
    | 'roll-out'
    | 'applied'
    | 'rolled-back'
    | 'failed'
    | 'interrupted'
    | 'waiting'
    | 'refused'
    | 'in-sync'
    | 'unhealthy'
    | 'paused'
    | 'resumed'
    | 'halted'
  ),
  ...(
    | 'roll-out'
    | 'applied'
    | 'rolled-back'
    | 'failed'
    | 'interrupted'
    | 'waiting'
    | 'refused'
    | 'in-sync'
    | 'unhealthy'
    | 'paused'
    | 'resumed'
    | 'halted'
  )[]
];

/**
 * `fleet.yaml`: what holds for every host of the fleet.
 */
export interface Fleet {
  /**
   * Version of the file format. There is one so far; it may be left out.
   */
  apiVersion?: 'boxreeve/v1';
  /**
   * Says which kind of file this is.
   */
  kind: 'Fleet';
  /**
   * Idle windows by name: when disruptive actions (rebuilding, stopping, removing a guest, rebooting a host) may start. What has started may end after the window has closed.
   */
  windows?: {
    [k: string]: Window;
  };
  blackouts?: Dates1;
  /**
   * What holds where a host or a guest says nothing else.
   */
  defaults?: {
    /**
     * A name of a host, a guest, a label or a window: lower-case letters, digits, `.`, `_` and `-`, at most 63 characters. It names files, folders and Git branches, so it begins with a letter or digit, holds no `..`, and ends in neither `.` nor `.lock`.
     */
    window?: string;
    recycle?: Recycle;
    reboot?: Reboot;
    keep?: Keep;
    exposure?: Exposure;
    /**
     * Longest time between two audit records of a host: when nothing happens for so long, it records that all is in order, so that silence means trouble.
     */
    checkIn?: string;
  };
  /**
   * How a change of a guest reaches the hosts: one batch after the other, and so many guests at a time. Without it, every host changes in its own window and waits for nobody.
   */
  rollout?: {
    /**
     * Batches of hosts, in order. A host is in the first one that names it; hosts in no wave are the last one.
     *
     * @maxItems 64
     */
    waves?: {
      /**
       * Which hosts are in the wave: those of a label, those that are named, or a share of the fleet.
       */
      hosts: {
        /**
         * A name of a host, a guest, a label or a window: lower-case letters, digits, `.`, `_` and `-`, at most 63 characters. It names files, folders and Git branches, so it begins with a letter or digit, holds no `..`, and ends in neither `.` nor `.lock`.
         */
        label?: string;
        /**
         * A name of a host, a guest, a label or a window: lower-case letters, digits, `.`, `_` and `-`, at most 63 characters. It names files, folders and Git branches, so it begins with a letter or digit, holds no `..`, and ends in neither `.` nor `.lock`.
         */
        host?: string;
        /**
         * The hosts of these names.
         *
         * @minItems 1
         *
         * Items: A name of a host, a guest, a label or a window: lower-case letters, digits, `.`, `_` and `-`, at most 63 characters. It names files, folders and Git branches, so it begins with a letter or digit, holds no `..`, and ends in neither `.` nor `.lock`.
         */
        hosts?: [string, ...string[]];
        /**
         * So many in a hundred of the fleet's hosts, at least one, of those in no earlier wave: always the same ones, by a hash of their names.
         */
        percent?: number;
      };
      /**
       * How long every host of the wave must have been healthy with the change, without interruption and by its own signed records, before the next wave begins. Without it, the next begins when this one is done.
       */
      soak?: string;
    }[];
    /**
     * Most guests that may be out of service at one time for what Boxreeve does: a number, or a share of the fleet's guests such as `10%` (rounded down, at least one). What ends a guest takes a lease first.
     */
    maxUnavailable?: number | string;
    /**
     * Halt the roll-out of a change, on all hosts, once it failed on this many.
     */
    haltAfterFailures?: number;
    /**
     * A wave counts as healthy only if each of its guests has probes, and all of them passed.
     */
    requireProbes?: boolean;
    /**
     * What hosts that have the change already do when it is halted: `stay` as they are, or `rollback` to what worked before.
     */
    onHalt?: 'stay' | 'rollback';
    /**
     * When a roll-out is halted, push a branch `boxreeve/revert-…` that takes the change back, ready for a pull request.
     */
    proposeRevert?: boolean;
    /**
     * Take leases from a server that speaks the FleetLock protocol, in place of branches of this repository. It alone then says how many at a time: `maxUnavailable` is not asked.
     */
    fleetLock?: {
      /**
       * Base address of the server, such as `https://lock.example.org`.
       */
      url: string;
      /**
       * Group of hosts that share a lock there.
       */
      group?: string;
    };
  };
  /**
   * What is held as it is for a time, by a reviewed commit: no guest is changed, rebuilt or removed, and no host rebooted. What is broken is still put right.
   *
   * @maxItems 256
   */
  holds?: {
    /**
     * Which hosts: those of a label, or those that are named. Without it, all.
     */
    hosts?: {
      /**
       * A name of a host, a guest, a label or a window: lower-case letters, digits, `.`, `_` and `-`, at most 63 characters. It names files, folders and Git branches, so it begins with a letter or digit, holds no `..`, and ends in neither `.` nor `.lock`.
       */
      label?: string;
      /**
       * A name of a host, a guest, a label or a window: lower-case letters, digits, `.`, `_` and `-`, at most 63 characters. It names files, folders and Git branches, so it begins with a letter or digit, holds no `..`, and ends in neither `.` nor `.lock`.
       */
      host?: string;
      /**
       * The hosts of these names.
       *
       * @minItems 1
       *
       * Items: A name of a host, a guest, a label or a window: lower-case letters, digits, `.`, `_` and `-`, at most 63 characters. It names files, folders and Git branches, so it begins with a letter or digit, holds no `..`, and ends in neither `.` nor `.lock`.
       */
      hosts?: [string, ...string[]];
    };
    /**
     * A name of a host, a guest, a label or a window: lower-case letters, digits, `.`, `_` and `-`, at most 63 characters. It names files, folders and Git branches, so it begins with a letter or digit, holds no `..`, and ends in neither `.` nor `.lock`.
     */
    guest?: string;
    /**
     * Why, for whoever wonders.
     */
    reason: string;
    /**
     * When it ends by itself.
     */
    until: string;
  }[];
  /**
   * Who is told what becomes of changes: by one host of those that have the secrets, chosen by the hosts themselves, at least once. Without it, nobody.
   *
   * @maxItems 32
   */
  notify?: Target[];
  /**
   * How hosts choose whom to fetch boxes from, where a box's sources have `peers:`.
   */
  peers?: {
    /**
     * Labels that say where a host is, such as `zurich`: hosts that share one are asked before others.
     *
     * @maxItems 64
     *
     * Items: A name of a host, a guest, a label or a window: lower-case letters, digits, `.`, `_` and `-`, at most 63 characters. It names files, folders and Git branches, so it begins with a letter or digit, holds no `..`, and ends in neither `.` nor `.lock`.
     */
    near?: string[];
    /**
     * Most hosts that a box is fetched from at one time.
     */
    most?: number;
  };
  /**
   * Where the signed account of what was done goes.
   */
  audit?: {
    /**
     * Another repository that hosts push their records to, and whatever else they tell each other: for a fleet whose records are too many for the server of the infra repo. An address that Git understands, or an absolute path; no user name with a password in it. Each host brings its whole account there, and leaves word in the infra repo. Default: the infra repo.
     */
    repo?: string;
    /**
     * Branch that a host's records are committed to, in the infra repo or in `repo`. `{host}` stands for the host's name and must be in it: each host has a branch of its own.
     */
    branch?: string;
    /**
     * How many pushes a minute the records of all hosts may come to. In a fleet of more hosts than this, records that nobody waits for (check-ins, and waits and refusals that all hosts record at once) are kept back on the host for a while and go together: for a random part of so many minutes as it takes all hosts to push once, a quarter of `checkIn` at most. What was done, halts, pauses and what other hosts of a roll-out wait for is pushed at once. GitHub takes 6.
     */
    pushesPerMinute?: number;
  };
  /**
   * Which commits hosts apply.
   */
  trust?: {
    /**
     * Apply only commits signed by a key in `trust/approvers` (OpenSSH allowed_signers format) or `trust/openpgp/<name>.asc` of the commit before. When false, whoever can push to the branch decides.
     */
    requireSignedCommits?: boolean;
    /**
     * How old the newest commit may be before hosts raise an alarm: someone may be showing them an old state of the branch. Where changes are seldom, have a signed commit made now and then.
     */
    freshness?: string;
  };
}
/**
 * When the window is open, by the clock of its time zone, in one of three forms: `days`, `from` and `to`; `spans`, for several a day or other hours on other days; or `cron` and `for`. What overlaps or touches is one opening.
 */
export interface Window {
  days?: Days;
  /**
   * When it opens, local time of its time zone.
   */
  from?: string;
  /**
   * When it closes. A time earlier than `from` is on the next day; the same time is a whole day later.
   */
  to?: string;
  /**
   * Several spans, of a day or of different days.
   *
   * @minItems 1
   * @maxItems 48
   */
  spans?: [Span, ...Span[]];
  /**
   * Opens at each time of this cron expression: minute, hour, day of the month, month, day of the week, as in crontab(5), such as `0 22 * * 1-5`.
   */
  cron?: string;
  /**
   * How long it stays open after each time of `cron`, as the clock shows it; at most `7d`.
   */
  for?: string;
  /**
   * IANA time zone, such as `Europe/Zurich` or `UTC`.
   */
  timezone: string;
  except?: Dates;
}
/**
 * A span of the day.
 */
export interface Span {
  days?: Days1;
  /**
   * When it begins, local time of the window's time zone.
   */
  from: string;
  /**
   * When it ends. A time earlier than `from` is on the next day; the same time is a whole day later.
   */
  to: string;
}
/**
 * How often a guest is rebuilt from its box with nothing changed, unless the guest says otherwise. Without it, never.
 */
export interface Recycle {
  /**
   * How often, such as `1d`. Each host has a minute of the window of its own, so that not all go at once. `never`: not at all.
   */
  every: string;
}
/**
 * When a host is rebooted, unless its own file says otherwise. Without it, never.
 */
export interface Reboot {
  /**
   * Longest time since it was last booted, by whatever hand, such as `7d`; at the host's own minute of the window. `never`: not for its age.
   */
  every?: string;
  /**
   * Name of a change that needs a reboot, such as `macos-14.6`: each new name here reboots the host once.
   */
  after?: string;
}
/**
 * Which boxes a host keeps, unless its own file says otherwise.
 */
export interface Keep {
  /**
   * So many other versions of each box of the catalogue stay in Vagrant's store, the newest ones. Without it, none.
   */
  older?: number;
  /**
   * Whether the `.box` file of a box that is kept stays once Vagrant has it, so that other hosts can fetch it from here and the next version costs only what changed. Without it: where the catalogue has `chunks` or a source `peers:` for it.
   */
  files?: boolean;
}
/**
 * A commit status, and one comment on the commit's pull request, on GitHub.
 */
export interface TargetGithub {
  /**
   * `github`
   */
  to: 'github';
  /**
   * A name of a host, a guest, a label or a window: lower-case letters, digits, `.`, `_` and `-`, at most 63 characters. It names files, folders and Git branches, so it begins with a letter or digit, holds no `..`, and ends in neither `.` nor `.lock`.
   */
  name: string;
  /**
   * Address of the API; without it, https://api.github.com.
   */
  url?: string;
  /**
   * The infra repo there (`owner/name`).
   */
  repository: string;
  /**
   * Name of the secret that is a token allowed to write commit statuses and comments on pull requests.
   */
  token: string;
  context?: TargetContext;
}
/**
 * A commit status, and one note on the commit's merge request, on GitLab.
 */
export interface TargetGitlab {
  /**
   * `gitlab`
   */
  to: 'gitlab';
  /**
   * A name of a host, a guest, a label or a window: lower-case letters, digits, `.`, `_` and `-`, at most 63 characters. It names files, folders and Git branches, so it begins with a letter or digit, holds no `..`, and ends in neither `.` nor `.lock`.
   */
  name: string;
  /**
   * Address of GitLab; without it, https://gitlab.com.
   */
  url?: string;
  /**
   * The infra repo there: its path with its groups (`group/name`), or its number.
   */
  project: string;
  /**
   * Name of the secret that is a token with the scope `api`.
   */
  token: string;
  context?: TargetContext;
}
/**
 * A commit status, and one comment on the commit's pull request, on Azure DevOps.
 */
export interface TargetAzureDevops {
  /**
   * `azure-devops`
   */
  to: 'azure-devops';
  /**
   * A name of a host, a guest, a label or a window: lower-case letters, digits, `.`, `_` and `-`, at most 63 characters. It names files, folders and Git branches, so it begins with a letter or digit, holds no `..`, and ends in neither `.` nor `.lock`.
   */
  name: string;
  /**
   * Address of an Azure DevOps Server, without the organisation; without it, https://dev.azure.com.
   */
  url?: string;
  /**
   * The organisation.
   */
  organization: string;
  /**
   * The project.
   */
  project: string;
  /**
   * The infra repo there, by its name or id.
   */
  repository: string;
  /**
   * Name of the secret that is a personal access token with the scopes Code (status) and Pull Request Threads (read & write).
   */
  token: string;
  context?: TargetContext;
}
/**
 * An address that gets each event as a CloudEvent (1.0, structured, JSON), signed as Standard Webhooks has it.
 */
export interface TargetWebhook {
  /**
   * `webhook`
   */
  to: 'webhook';
  /**
   * A name of a host, a guest, a label or a window: lower-case letters, digits, `.`, `_` and `-`, at most 63 characters. It names files, folders and Git branches, so it begins with a letter or digit, holds no `..`, and ends in neither `.` nor `.lock`.
   */
  name: string;
  /**
   * Where events are sent.
   */
  url: string;
  /**
   * Name of the secret that both sides know: HMAC-SHA256 of each event is made with it.
   */
  secret: string;
  on?: Events;
}
/**
 * Mail, handed to the `sendmail` of the host that notifies.
 */
export interface TargetEmail {
  /**
   * `email`
   */
  to: 'email';
  /**
   * A name of a host, a guest, a label or a window: lower-case letters, digits, `.`, `_` and `-`, at most 63 characters. It names files, folders and Git branches, so it begins with a letter or digit, holds no `..`, and ends in neither `.` nor `.lock`.
   */
  name: string;
  /**
   * Who it is from.
   */
  from: string;
  /**
   * Who gets it.
   *
   * @minItems 1
   * @maxItems 64
   */
  recipients: [MailAddress, ...MailAddress[]];
  on?: Events1;
}
