/** What is asked of a provider, and what it can answer. */
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
