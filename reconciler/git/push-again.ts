/** Pushes, and again at once where the server was only busy: a record does not wait for the next poll because two met. */
import { RemoteUnreachable } from '../errors.ts';
import { refusalOf } from './push-refusal.ts';

/** What a look at the branch says after a push that failed. */
export type Standing = 'there' | 'behind';

export type PushParts = {
  push(): Promise<unknown>;
  /** Looks where the branch is. Throws where it went another way, so that pushing again is no use. */
  look(): Promise<Standing>;
  /** Resolves after so many milliseconds, or rejects when the push is called off. */
  sleep(ms: number): Promise<void>;
  /** A number in [0, 1): those that met must not meet again. */
  random(): number;
};

/** In all; a server that is busy for longer is left alone until the next reconcile. */
const MOST_TRIES = 6;
/** Before the second try, in milliseconds; twice as long before each one after it. */
const FIRST_PAUSE = 100;

/** Resolves when the remote has it. Throws what the last push said, or what `look` does. */
export async function pushAgain({ push, look, sleep, random }: PushParts): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await push();
      return;
    } catch (error) {
      const refusal = error instanceof RemoteUnreachable ? refusalOf(error.message) : 'other';
      // a busy server said that it has not taken it; of all else the answer may have been lost, so the branch is looked at
      if (refusal !== 'busy' && (await look()) === 'there') return;
      if (refusal === 'other' || tries === MOST_TRIES) throw error;
    }
    await sleep(FIRST_PAUSE * 2 ** (tries - 1) * (0.5 + random()));
  }
}
