/** An SFTP connection that is made when it is first needed, kept from one question to the next, and made anew after it broke. */
import type { SftpConnection } from './sftp-connection.ts';
import { reasonOf, SourceMissed } from './source.ts';
import { untilAborted } from './until-aborted.ts';

export type KeptConnection = {
  /** Rejects with SourceMissed, or with the signal's reason: an abort leaves the question alone, and ends the connection with it. */
  ask<T>(signal: AbortSignal, question: (there: SftpConnection) => Promise<T>): Promise<T>;
  /** Ends it; a question after that makes another. */
  close(): void;
};

export function keepConnection(connect: () => Promise<SftpConnection>): KeptConnection {
  let kept: Promise<SftpConnection> | null = null;

  function connection(): Promise<SftpConnection> {
    if (kept !== null) return kept;
    const made = connect();
    kept = made;
    const forget = () => {
      if (kept === made) kept = null;
    };
    made.then((there) => void there.onEnd(forget), forget);
    return made;
  }

  function close(): void {
    kept?.then((there) => there.end()).catch(() => undefined);
    kept = null;
  }

  async function ask<T>(signal: AbortSignal, question: (there: SftpConnection) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    try {
      return await untilAborted(connection().then(question), signal);
    } catch (error) {
      if (signal.aborted) close();
      throw error instanceof SourceMissed || signal.aborted ? error : new SourceMissed(reasonOf(error));
    }
  }
  return { ask, close };
}
