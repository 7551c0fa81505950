/** Gates: reasons not to run a disruptive action now. */
import type { Action } from '../plan/plan.ts';

export type Gate =
  /** The window is closed. `opensAt`: ISO 8601 UTC, null if it never opens. */
  | {
      readonly kind: 'window';
      readonly window: string;
      readonly opensAt: string | null;
      readonly detail: string;
    }
  | { readonly kind: 'paused'; readonly until: string | null; readonly detail: string }
  /** A job runs, or nobody can tell. `since`: when the drain began. */
  | { readonly kind: 'job'; readonly guest: string; readonly since: string | null; readonly detail: string }
  | {
      readonly kind: 'disk';
      readonly needsBytes: number;
      readonly freeBytes: number;
      readonly detail: string;
    }
  | {
      readonly kind: 'wave';
      /** The one that is waited for, counted from 1; null: the roll-out is halted, or the repo does not say what is to be known. */
      readonly wave: number | null;
      readonly detail: string;
      /** Nothing is known to hold it but that nobody could be asked. */
      readonly unasked?: true;
    }
  | { readonly kind: 'lease'; readonly detail: string };

/** An action and what holds it; with no gate it may go. `detail` is a sentence a person understands. */
export type GatedAction = { readonly action: Action; readonly gates: readonly Gate[] };

export type Pause = { readonly reason: string; readonly since: string; readonly until: string | null };
