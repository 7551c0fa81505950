/** What a target is told, and how it answers. */
import type { AuditRecord } from '../audit/record.ts';
import type { FailedThere, Standing } from './standing.ts';

export type Message =
  /** `id` is the same however often it is told: whoever gets it twice can know. */
  | {
      readonly kind: 'standing';
      readonly id: string;
      readonly standing: Standing;
      /** The end of what failed printed, where its host's records have it: secrets are taken out already. */
      readonly outputs: readonly FailedOutput[];
      /** ISO 8601 UTC. */
      readonly time: string;
    }
  | { readonly kind: 'record'; readonly id: string; readonly record: AuditRecord };

export type FailedOutput = Pick<FailedThere, 'host' | 'guest' | 'since'> & { readonly output: string };

/** One of those that are told. */
export interface Target {
  readonly name: string;
  /** How many messages it takes at once. */
  readonly most: number;
  /** Whether it is told of a record; null: of none. */
  readonly wants: ((record: AuditRecord) => boolean) | null;
  /** What of a commit it is told: how it stands at each step, at turns alone, or nothing. */
  readonly standings: 'steps' | 'turns' | 'none';
  /** Resolves once it has taken them. Throws NotDelivered. */
  deliver(messages: readonly Message[], signal: AbortSignal): Promise<void>;
}

/** It has not taken a message, and why, in a sentence; never carries a token. */
export class NotDelivered extends Error {
  /**
   * `later`: it is away, or says when to come again. `this`: it takes others, and this one perhaps later. `never`: it has looked at it,
   * and would answer the same each time.
   */
  readonly again: 'later' | 'this' | 'never';
  /** ms since the epoch before which it wants to hear nothing; null: it does not say. */
  readonly notBefore: number | null;
  constructor(message: string, again: NotDelivered['again'], notBefore: number | null = null) {
    super(message);
    this.again = again;
    this.notBefore = notBefore;
  }
}
