/**
 * What this host remembers between runs: `<stateDir>/memory.json`, one file, replaced atomically, so that it is always
 * one consistent whole. Everything else is observed afresh.
 */
import type { ExposureKind, GuestSpec, LockServer } from '../desired/spec.ts';
import type { Exposure } from '../exposure/exposure.ts';
import type { Pause } from '../gate/gates.ts';
import type { GuestProgress, Halt } from '../rollout/progress.ts';

/** How to reach a guest over SSH, as Vagrant said once after `up`. */
export type SshTarget = {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly identityFiles: readonly string[];
  /** SHA-256 of the guest's host key, base64, pinned at the first connection after it was built. */
  readonly hostKey: string | null;
};

export type GuestMemory = {
  /** The living machine, proven healthy. Written after success only; cleared before it is destroyed. */
  readonly built: {
    readonly spec: GuestSpec;
    readonly commit: string;
    readonly at: string;
    readonly machineId: string;
    readonly ssh: SshTarget;
  } | null;
  /** A build begun and not ended. `machineName` is the unique name given to providers that take one. */
  readonly building: {
    readonly fingerprint: string;
    readonly commit: string;
    readonly at: string;
    readonly machineName: string;
  } | null;
  /** The last thing that worked, whatever became of it. */
  readonly good: { readonly spec: GuestSpec; readonly commit: string; readonly at: string } | null;
  readonly failed: {
    readonly fingerprint: string;
    readonly commit: string;
    readonly at: string;
    readonly error: string;
    /** It works, but for these ways into it, which were refused: allowed again, it has not failed. */
    readonly refused?: readonly ExposureKind[];
  } | null;
  /** We took its agent off the pool, durably noted before doing so. `byOther`: it was off before we came; leave it so. */
  readonly drained: {
    readonly since: string;
    readonly byOther: boolean;
    readonly agent: GuestSpec['agent'];
    /** The wait that it was for has ended; it could not be put back yet. */
    readonly over?: boolean;
  } | null;
  /** How long its last builds took, in milliseconds, the latest last. */
  readonly tookMs?: readonly number[];
  /** Who can get into the living machine, when that was last looked at. */
  readonly exposure?: Exposure | null;
  /** How far it is with what is asked for, as it was last found (rollout/standing.ts). */
  readonly progress?: GuestProgress | null;
  /** What worked before the change that is being rolled out: gone back to if it is halted and `onHalt` is `rollback`. */
  readonly previous?: Pick<NonNullable<GuestMemory['good']>, 'spec' | 'commit'> | null;
};

export const newGuestMemory: GuestMemory = {
  built: null,
  building: null,
  good: null,
  failed: null,
  drained: null,
};

export type Memory = {
  readonly version: 1;
  readonly host: string;
  /** The last commit that was trusted, valid and begun to be applied: what follows must descend from it. */
  readonly applied: { readonly commit: string; readonly at: string } | null;
  readonly guests: Readonly<Record<string, GuestMemory>>;
  readonly pause: Pause | null;
  /** Guests that are paused by themselves. */
  readonly pausedGuests?: Readonly<Record<string, Pause>>;
  /** Reason of the last `waiting` record, so that the same reason is recorded once. */
  readonly waiting: string | null;
  /** Commit and reason of the last `refused` record, likewise. */
  readonly refused: string | null;
  /** The commit of which it is on record that nothing newer has come for too long. */
  readonly stale?: string;
  readonly reboot?: RebootMemory;
  readonly rollout?: RolloutMemory;
  /**
   * The host has, or may have, leases; of a FleetLock server, or where it is null, of the fleet's branches: in `repo`, or where that is
   * absent or null, in the infra repo.
   */
  readonly lease?: { readonly fleetLock: LockServer | null; readonly repo?: string | null } | null;
};

export type RolloutMemory = {
  /** Roll-outs that this host knows to be halted: every record of it tells of them. */
  readonly halts: readonly Halt[];
  /** Of those that failed here, what a `halted` record has told (rollout/look.ts). */
  readonly told: readonly string[];
};

export const NO_ROLLOUT: RolloutMemory = { halts: [], told: [] };

export type RebootMemory = {
  /** Asked for, and not known yet to have happened or not. */
  readonly asked: {
    /** Id of the record that is to say what came of it. */
    readonly record: string;
    readonly at: string;
    /** Of the boot that is to end. */
    readonly bootId: string;
    readonly after: string | null;
    readonly reason: string;
    /** Why it did not happen, where that is known. */
    readonly problem?: string;
  } | null;
  /** The named change that the host was last rebooted for. */
  readonly after: string | null;
  /** When one did not happen. */
  readonly failedAt: string | null;
};

export const NO_REBOOT: RebootMemory = { asked: null, after: null, failedAt: null };

/** What is remembered of reboots, changed in part. */
export function withReboot(memory: Memory, change: Partial<RebootMemory>): Memory {
  return { ...memory, reboot: { ...(memory.reboot ?? NO_REBOOT), ...change } };
}

export function emptyMemory(host: string): Memory {
  return { version: 1, host, applied: null, guests: {}, pause: null, waiting: null, refused: null };
}

/** What is remembered of a guest. A guest may be called `constructor`, which every object has something of. */
export function guestIn(memory: Memory, guest: string): GuestMemory | undefined {
  return Object.hasOwn(memory.guests, guest) ? memory.guests[guest] : undefined;
}

/** The one holder of memory in a process; every `update` is durable when it resolves. */
export interface MemoryStore {
  read(): Memory;
  update(change: (memory: Memory) => Memory): Promise<Memory>;
  updateGuest(guest: string, change: Partial<GuestMemory>): Promise<Memory>;
}
