/** What is asked of a provider, and what it can answer. */
import type { BoxRef } from '../../plan/plan.ts';
import type { Power } from '../observation.ts';

export type MachineAnswer =
  | { readonly state: 'exists'; readonly power: Power }
  /** The provider was asked, answered, and has no such machine. */
  | { readonly state: 'gone' }
  /** Nobody can tell (tool missing, error, overrun). Never drift. `why` is a sentence. */
  | { readonly state: 'unknown'; readonly why: string };

/** One answer for each id that was asked for. */
export type Answers = ReadonlyMap<string, MachineAnswer>;

export type Provider = {
  /** Asks about all these machines at once. Never throws. */
  machines(ids: readonly string[]): Promise<Answers>;
  /** Version of the provider for the record; null if it cannot be had. */
  version(): Promise<string | null>;
  /** What is left with it of a box that was removed from Vagrant's store. Never throws. Absent: nothing ever is. */
  leftOfBox?(box: BoxRef): Promise<LeftOfBox>;
};

export type LeftOfBox =
  | { readonly things: readonly LeftThing[] }
  /** Nobody can tell; a sentence. */
  | { readonly why: string };

export type LeftThing = {
  /** For sentences. */
  readonly what: string;
  /** What is built on it; null: nothing. */
  readonly usedBy: string | null;
  /** Program and arguments that remove it. */
  readonly remove: readonly string[];
};

/** The same answer for every id, or one that depends on the id. */
export function answerEach(ids: readonly string[], answer: (id: string) => MachineAnswer): Answers {
  return new Map(ids.map((id) => [id, answer(id)]));
}

export function exists(power: Power): MachineAnswer {
  return { state: 'exists', power };
}

export const gone: MachineAnswer = { state: 'gone' };

export function unknown(why: string): MachineAnswer {
  return { state: 'unknown', why };
}
