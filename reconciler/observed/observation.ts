/** What this host actually has. Pure data; gathered by `observe.ts`, read by the planner. */
import type { ExposureKind, GuestSpec } from '../desired/spec.ts';
import type { BoxRef } from '../plan/plan.ts';

/** A box in Vagrant's store on this host. */
export type ObservedBox = {
  readonly name: string;
  readonly version: string;
  readonly provider: string;
  /** Digest of the file it was added from; null if Boxreeve did not add it, so that nobody knows. */
  readonly sha256: string | null;
  /** What it takes of the disk in Vagrant's store, as it was when it was added; null: nobody noted it. */
  readonly bytes: number | null;
  /** Machines of this host that were built from it, by whatever hand: names or folders for messages. */
  readonly usedBy: readonly string[];
};

/** All that lies in the folder of box files under one digest. */
export type ObservedFile = {
  /** SHA-256 that the names begin with. */
  readonly sha256: string;
  /** `cut`: a download that did not end. `rest`: only what belongs beside a file, without it. */
  readonly state: 'whole' | 'cut' | 'rest';
  /** What it takes of the disk. */
  readonly bytes: number;
  /** The box it is the file of, by its note; null: it has none. */
  readonly box: BoxRef | null;
  /** When its digest was last found right, ISO 8601 UTC, by its note. */
  readonly verifiedAt: string | null;
  /** Since when it is here, ISO 8601 UTC, if a person asked for it: built, imported or fetched ahead. null: nobody did. */
  readonly byHandSince: string | null;
};

/** What a guest that was proven healthy was built from. */
export type BuiltFrom = {
  readonly spec: GuestSpec;
  readonly commit: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** The provider's id of the machine that was built; another machine in its place was made by someone else. */
  readonly machineId: string;
};

export type Power = 'running' | 'stopped' | 'unknown';

export type Machine =
  /** Neither Vagrant nor the provider has it. */
  | { readonly state: 'absent' }
  /** Vagrant and the provider agree that it exists. */
  | {
      readonly state: 'present';
      readonly id: string;
      readonly provider: string;
      readonly power: Power;
      /** What Vagrant says it was created from. */
      readonly box: { readonly name: string; readonly version: string } | null;
    }
  /** Vagrant lost its record of it (VAGRANT.md trap 2); the provider still has it. */
  | { readonly state: 'forgotten'; readonly id: string; readonly provider: string; readonly power: Power }
  /** Vagrant has a record of it, the provider has not: someone removed it below Vagrant. */
  | { readonly state: 'vanished'; readonly id: string; readonly provider: string };

export type ObservedGuest = {
  readonly name: string;
  /** Vagrant project folder on this host. */
  readonly folder: string;
  readonly machine: Machine;
  /** What the machine that exists was built from and proven healthy with; null if it was not us, or not proven. */
  readonly builtFrom: BuiltFrom | null;
  /** A build of ours that did not end: the machine, if any, was never in service. */
  readonly unfinished: { readonly fingerprint: string; readonly commit: string; readonly at: string } | null;
  /** The last thing that worked in this place, whether or not it exists now. */
  readonly lastGood: { readonly spec: GuestSpec; readonly commit: string } | null;
  /** A fingerprint that was tried and did not work; not tried again until the desired state changes. */
  readonly failed: {
    readonly fingerprint: string;
    readonly commit: string;
    readonly at: string;
    readonly error: string;
    /** It works, but for these ways into it, which were refused. */
    readonly refused?: readonly ExposureKind[];
  } | null;
  /** Lines changed per file between what it was built from and the desired commit, where that is known. */
  readonly lineChanges: Readonly<Record<string, number>>;
};

/** A Vagrant machine on this host that no one declared: reported, never touched. */
export type Stranger = {
  readonly name: string;
  readonly folder: string;
  readonly provider: string;
  readonly box: string;
};

/** What is known of the host's own boots. */
export type ObservedBoot = {
  /** Another one after every boot. */
  readonly id: string;
  /** When it was booted, in milliseconds since the epoch. */
  readonly at: number;
  /** The named change that Boxreeve last rebooted it for. */
  readonly after: string | null;
  /** When a reboot was last asked for and did not happen, in milliseconds since the epoch. */
  readonly failedAt: number | null;
};

export type HostObservation = {
  readonly boxes: readonly ObservedBox[];
  /** One for each declared guest, and one for each former guest that Boxreeve built and nobody declares now. */
  readonly guests: readonly ObservedGuest[];
  readonly strangers: readonly Stranger[];
  /** `.box` files already fetched and checked, by SHA-256. */
  readonly fetched: readonly string[];
  /** What lies in the folder of box files. */
  readonly files: readonly ObservedFile[];
  /** Names in that folder that are none of Boxreeve's. */
  readonly strangeFiles: readonly string[];
  /** Bytes free where boxes are fetched to, and where Vagrant keeps them. */
  readonly freeBytes: number;
  /** null: this system does not say when it was booted. */
  readonly boot: ObservedBoot | null;
  /** What could not be observed, and why; a guest named here is not acted on. */
  readonly unknown: readonly { readonly guest: string | null; readonly why: string }[];
};
