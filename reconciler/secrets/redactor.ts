/**
 * Takes the values of secrets out of text, in every spelling in which a tool is likely to print them. A stream is handed on
 * as it comes, but for an end that may be the beginning of a secret.
 *
 * Line breaks are looked through: `base64` breaks its lines, and short lines of a secret are known by their neighbours.
 */
import { spellings } from './spellings.ts';

export type Redactor = {
  text(text: string): string;
  /** For text that comes in pieces; a value cut by a border is found too. What comes out is what `text` makes of the whole. */
  stream(): RedactingStream;
};

export type RedactingStream = { push(chunk: string): string; end(): string };

const MASK = '[redacted]';

export function createRedactor(values: Iterable<string>): Redactor {
  const spelled = [...values].flatMap(spellings).map((spelling) => unbroken(spelling).text);
  const needles = [...new Set(spelled)].filter((needle) => needle !== '');
  return {
    text: (text) => {
      const stream = redactingStream(needles);
      return stream.push(text) + stream.end();
    },
    stream: () => redactingStream(needles),
  };
}

function redactingStream(needles: readonly string[]): RedactingStream {
  let held = '';
  /** So much of what is held lies in a secret whose mask was handed on already. */
  let masked = 0;

  function handOn(rest: Unbroken, whole: string, upTo: number): string {
    const { text, covered } = mask(whole, findSecrets(rest, needles), masked, upTo);
    held = whole.slice(upTo);
    masked = Math.max(0, covered - upTo);
    return text;
  }

  return {
    push: (chunk) => {
      const whole = held + chunk;
      const rest = unbroken(whole);
      const begun = beginningAtEnd(rest.text, needles);
      return handOn(rest, whole, rest.places[rest.text.length - begun] ?? whole.length);
    },
    end: () => handOn(unbroken(held), held, held.length),
  };
}

/** A text without its line breaks, and where each of its characters stood. */
type Unbroken = { readonly text: string; readonly places: readonly number[] };

function unbroken(whole: string): Unbroken {
  const places: number[] = [];
  let text = '';
  for (const { 0: line, index } of whole.matchAll(/[^\r\n]+/g)) {
    text += line;
    for (let place = index; place < index + line.length; place += 1) places.push(place);
  }
  return { text, places };
}

type Span = { readonly from: number; readonly to: number };

/** Where secrets stand, line breaks counted, in order of their beginnings; secrets that overlap all count. */
function findSecrets({ text, places }: Unbroken, needles: readonly string[]): readonly Span[] {
  const spans: Span[] = [];
  for (const needle of needles) {
    for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + 1)) {
      spans.push({ from: places[at] ?? 0, to: (places[at + needle.length - 1] ?? 0) + 1 });
    }
  }
  return spans.sort((one, other) => one.from - other.from);
}

/**
 * The text up to a place, one mask for each run of secrets that overlap.
 *
 * @param masked so many characters at the beginning belong to a mask that was handed on
 * @returns `covered`: end of the last secret that begins before `upTo`
 */
function mask(text: string, spans: readonly Span[], masked: number, upTo: number) {
  let covered = masked;
  let out = '';
  for (const { from, to } of spans) {
    if (from >= upTo) break;
    if (from >= covered) out += text.slice(covered, from) + MASK;
    covered = Math.max(covered, to);
  }
  return { text: out + text.slice(covered, upTo), covered };
}

/** Length of the longest end of `text` that is a beginning of a needle, and not all of it. */
function beginningAtEnd(text: string, needles: readonly string[]): number {
  let longest = 0;
  for (const needle of needles) {
    for (let length = Math.min(needle.length - 1, text.length); length > longest; length -= 1) {
      if (beginsAt(text.length - length, text, needle)) longest = length;
    }
  }
  return longest;
}

/** Character by character: pieces cut out of a secret would lie about in memory by the thousand. */
function beginsAt(place: number, text: string, needle: string): boolean {
  for (let at = place; at < text.length; at += 1) {
    if (text.charCodeAt(at) !== needle.charCodeAt(at - place)) return false;
  }
  return true;
}
