/**
 * Takes the values of secrets out of text, in every spelling in which a tool is likely to print them. A stream is handed on
 * as it comes, but for an end that may be the beginning of a secret.
 */

export type Redactor = {
  text(text: string): string;
  /** For text that comes in pieces; a value cut by a border is found too. */
  stream(): RedactingStream;
};

export type RedactingStream = { push(chunk: string): string; end(): string };

const MASK = '[redacted]';
/** Shorter parts of a value (lines of a key, say) would take half the text with them. */
const SHORTEST_PART = 4;

export function createRedactor(values: Iterable<string>): Redactor {
  const needles = [...new Set([...values].flatMap(spellings))]
    .filter((needle) => needle !== '')
    .sort((one, other) => other.length - one.length);
  const pattern = needles.length === 0 ? null : new RegExp(needles.map(escapePattern).join('|'), 'g');
  const redact = (text: string) => (pattern === null ? text : text.replace(pattern, MASK));
  return { text: redact, stream: () => stream(needles, pattern, redact) };
}

function stream(
  needles: readonly string[],
  pattern: RegExp | null,
  redact: (text: string) => string,
): RedactingStream {
  let held = '';
  return {
    push: (chunk) => {
      let rest = held + chunk;
      let out = '';
      for (;;) {
        const cut = rest.length - beginningAtEnd(rest, needles);
        const at = pattern === null ? -1 : rest.search(pattern);
        if (at < 0 || at >= cut) {
          held = rest.slice(cut);
          return out + rest.slice(0, cut);
        }
        // a longer value that begins here and is not complete yet would have moved the cut before it: this one is final
        out += rest.slice(0, at) + MASK;
        rest = rest.slice(at + (needles.find((needle) => rest.startsWith(needle, at))?.length ?? 1));
      }
    },
    end: () => {
      const rest = held;
      held = '';
      return redact(rest);
    },
  };
}

/** Length of the longest end of `text` that is a beginning of a needle. */
function beginningAtEnd(text: string, needles: readonly string[]): number {
  let longest = 0;
  for (const needle of needles) {
    for (let length = Math.min(needle.length - 1, text.length); length > longest; length -= 1) {
      if (text.endsWith(needle.slice(0, length))) longest = length;
    }
  }
  return longest;
}

/** A value as it is, line by line, and as common encodings write it. */
function spellings(value: string): string[] {
  const lines = value.split(/\r?\n/).filter((line) => line.trim().length >= SHORTEST_PART);
  return [value, ...(lines.length > 1 ? lines : [])].flatMap((part) => [
    part,
    encodeURIComponent(part),
    encodeURIComponent(part).replaceAll('%20', '+'),
    JSON.stringify(part).slice(1, -1),
    shellQuoted(part),
    Buffer.from(part).toString('hex'),
    ...base64s(part),
  ]);
}

/** Inside single quotes, as shells and Ruby's Shellwords print it. */
function shellQuoted(part: string): string {
  return part.replaceAll("'", "'\\''");
}

/**
 * A value inside a longer text that is base64-encoded as a whole begins at one of three alignments: the characters that
 * depend on its neighbours are left out.
 */
function base64s(part: string): string[] {
  const bytes = Buffer.from(part);
  const found = [0, 1, 2].flatMap((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    const begin = Math.ceil((offset * 8) / 6);
    const end = Math.floor(((offset + bytes.length) * 8) / 6);
    return [encoded.slice(begin, end)];
  });
  return [...found, ...found.map(urlSafe)].filter((text) => text.length >= 2 * SHORTEST_PART);
}

function urlSafe(text: string): string {
  return text.replaceAll('+', '-').replaceAll('/', '_');
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
