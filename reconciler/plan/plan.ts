/**
 * A plan: ordered actions, specific enough that nothing is left to choose when they are carried out. Serialisable:
 * `plan`, `apply` and the audit all use this one form.
 */
import type { BoxSpec, GuestSpec } from '../desired/spec.ts';

export type BoxRef = { readonly name: string; readonly version: string; readonly provider: string };

/** What a guest is to be built from. */
export type GuestTarget = {
  readonly spec: GuestSpec;
  readonly commit: string;
  /** `last-good`: the desired fingerprint failed, or must wait, so the guest is what last worked. */
  readonly role: 'desired' | 'last-good';
};

type Common = {
  /** Unique within the plan, such as `rebuild-guest azure-agent`. */
  readonly id: string;
  /** A sentence a person understands. */
  readonly reason: string;
  /** What is there, and what will be there instead, in words; '' for nothing. */
  readonly before: string;
  readonly after: string;
  /** Takes something away that may be in use: only in a window, only when no job runs. */
  readonly disruptive: boolean;
  /** Ids of actions that must have succeeded first; otherwise this one is skipped. */
  readonly needs: readonly string[];
};

export type Action = Common &
  (
    | {
        readonly kind: 'fetch-box';
        readonly box: BoxSpec;
        /** A person asked for it before any guest needs it. */
        readonly ahead?: true;
      }
    | {
        readonly kind: 'add-box';
        readonly box: BoxSpec;
        /** Whether its file stays, for other hosts and for the next version. */
        readonly keepsFile: boolean;
      }
    | {
        readonly kind: 'remove-box';
        /** From Vagrant's store. */
        readonly from: 'vagrant';
        readonly box: BoxRef;
        /** Digest of the files that go with it; null: none do. */
        readonly file: string | null;
        /** Bytes; null: not known. */
        readonly frees: number | null;
      }
    | {
        readonly kind: 'remove-box';
        /** From the folder of box files alone. */
        readonly from: 'files';
        /** null: nobody knows whose file it is. */
        readonly box: BoxRef | null;
        readonly file: string;
        readonly frees: number;
      }
    | { readonly kind: 'create-guest'; readonly guest: string; readonly target: GuestTarget }
    | {
        readonly kind: 'rebuild-guest';
        readonly guest: string;
        readonly target: GuestTarget;
        readonly recycle: boolean;
      }
    | {
        readonly kind: 'start-guest';
        readonly guest: string;
        /** `restore-record`: the guest exists, Vagrant forgot it; its record is put back and the guest left as it is. */
        readonly how: 'boot' | 'restore-record';
        readonly target: GuestTarget;
      }
    | {
        readonly kind: 'remove-guest';
        readonly guest: string;
        /** What is built in its place once its box is replaced; absent: nothing is. */
        readonly makesWayFor?: GuestTarget;
      }
    | {
        readonly kind: 'reboot-host';
        /** Of the boot that is to end. */
        readonly bootId: string;
        /** The named change that asks for it, if one stands in the desired state. */
        readonly named: string | null;
      }
  );
export type ActionKind = Action['kind'];

/** Drift that is left as it is for now, and why: a failed fingerprint, something unknown, a stranger. */
export type Held = { readonly guest: string | null; readonly why: string; readonly failed: boolean };

export type Plan = {
  readonly host: string;
  readonly commit: string;
  readonly actions: readonly Action[];
  readonly held: readonly Held[];
  /** True sentences worth reading that ask for nothing (strangers seen, boxes not ours). */
  readonly notes: readonly string[];
  /** Boxes that nothing needs, and that stay because `keep.older` says so. */
  readonly spare: readonly Spare[];
};

/** `bytes`: what removing it would free; null: not known. */
export type Spare = { readonly box: BoxRef; readonly bytes: number | null };
