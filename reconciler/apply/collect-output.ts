/** What a program prints: every line and the tail with no secrets, and the beginning of standard output as it is. */
import type { Redactor } from '../secrets/redactor.ts';

/** Bytes of the tail. */
const TAIL = 8 * 1024;
/** Bytes, near enough. */
const MOST_STDOUT = 1024 * 1024;
/** A line that goes on and on (a progress bar, say) is handed on in pieces of this many characters. */
const LONGEST_LINE = 16 * 1024;

export type Output = {
  /** Last 8 KiB of both outputs, in the order they came, redacted. */
  readonly tail: string;
  /** Last 8 KiB of standard error, redacted. */
  readonly stderrTail: string;
  /** First 1 MiB of standard output as it is, for parsing: never to be shown. */
  readonly stdout: string;
};

/** Makes text for people out of what a program prints for programs. */
export type OutputReader = { push(chunk: string): string; end(): string };

const AS_IT_IS: OutputReader = { push: (chunk) => chunk, end: () => '' };

/**
 * @param onLine gets each line of either output, redacted, when it is complete
 * @param reader of standard output; what it makes of it is redacted, kept and handed on
 */
export function collectOutput(
  redactor: Redactor,
  onLine: (line: string) => void,
  reader: OutputReader = AS_IT_IS,
) {
  let tail = '';
  let stderrTail = '';
  let stdout = '';
  const keep = (text: string) => {
    tail = (tail + text).slice(-TAIL);
  };
  const keepError = (text: string) => {
    stderrTail = (stderrTail + text).slice(-TAIL);
    keep(text);
  };
  const out = lineByLine(redactor, keep, onLine);
  const err = lineByLine(redactor, keepError, onLine);
  return {
    stdout: (chunk: string) => {
      if (stdout.length < MOST_STDOUT) stdout = (stdout + chunk).slice(0, MOST_STDOUT);
      out.push(reader.push(chunk));
    },
    stderr: err.push,
    end: (): Output => {
      out.push(reader.end());
      out.end();
      err.end();
      return { tail: lastBytes(tail.trim()), stderrTail: lastBytes(stderrTail.trim()), stdout };
    },
  };
}

function lineByLine(redactor: Redactor, keep: (text: string) => void, onLine: (line: string) => void) {
  const stream = redactor.stream();
  let rest = '';
  const take = (text: string) => {
    keep(text);
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line.trimEnd());
    if (rest.length > LONGEST_LINE) {
      onLine(rest);
      rest = '';
    }
  };
  return {
    push: (chunk: string) => take(stream.push(chunk)),
    end: () => {
      take(stream.end());
      if (rest !== '') onLine(rest.trimEnd());
      rest = '';
    },
  };
}

/** Characters of many bytes are not cut in two. */
function lastBytes(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= TAIL) return text;
  let from = bytes.length - TAIL;
  while (((bytes[from] ?? 0) & 0xc0) === 0x80) from += 1;
  return bytes.subarray(from).toString();
}
