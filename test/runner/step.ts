import type { Tally } from './tally.ts';

/** One part of `npm test`, which can be run alone by its name. */
export type Step = {
  readonly name: string;
  /** What it is about, in a few words. */
  readonly about: string;
  run(): Promise<Tally>;
};
