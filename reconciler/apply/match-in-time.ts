/** A regular expression of the desired state on what a guest printed: some take for ever on some texts, and hold up all else. */
import { runInNewContext } from 'node:vm';

/** Milliseconds; one that is meant well is done in one. */
const LIMIT = 1000;

export type Match = 'found' | 'not found' | 'took too long';

/** @param limit milliseconds */
export function matchInTime(pattern: string, text: string, limit = LIMIT): Match {
  // made anew in there: neither the expression nor the text is code
  const found: unknown = attempt(() =>
    runInNewContext('new RegExp(pattern).test(text)', { pattern, text }, { timeout: limit }),
  );
  if (found === TOO_LONG) return 'took too long';
  return found === true ? 'found' : 'not found';
}

const TOO_LONG = Symbol('too long');

function attempt(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    // one of that other context is no Error of this one
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
    if (code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return TOO_LONG;
    throw error;
  }
}
