/**
 * Reads one YAML file that a person wrote, within limits, and remembers where everything in it stands. The parser is
 * loaded when it is first needed: a daemon that has nothing new to read stays small.
 */
import type { CST, Document, YAMLError } from 'yaml';
import type { Complaint, Place } from '../errors.ts';
import { atMost } from './complaints.ts';
import { DEEPEST_YAML } from './limits.ts';
import { decodeYaml } from './yaml-text.ts';
import type { Plain, YamlPlaces } from './yaml-values.ts';

export type YamlFile = {
  readonly file: string;
  /** Plain data: objects, arrays, text, numbers, booleans, null. */
  readonly value: unknown;
  /** Where the value at a JSON Pointer begins; of one that is not there, where the nearest one around it does. */
  place(pointer: string): Place;
  /** Where the key of the value at a JSON Pointer begins. */
  keyPlace(pointer: string): Place;
  /** A value without quotes as it was written (`1.20`); undefined if it is none. */
  written(pointer: string): string | undefined;
};

export type YamlRead =
  | { readonly ok: true; readonly yaml: YamlFile }
  | { readonly ok: false; readonly complaints: readonly Complaint[] };

const TOO_DEEP = `lists and maps lie more than ${DEEPEST_YAML} deep here`;
/** What the parser may have open: the collections, and a few besides (a document, a scalar). */
const MOST_OPEN = DEEPEST_YAML + 8;

/** Never throws for what the content is. @param file what complaints call it */
export async function readYaml(content: Buffer, file: string): Promise<YamlRead> {
  const decoded = decodeYaml(content, file);
  if ('complaint' in decoded) return { ok: false, complaints: [decoded.complaint] };
  const [{ Composer, Lexer, LineCounter, Parser }, { toPlain }] = await Promise.all([
    import('yaml'),
    import('./yaml-values.ts'),
  ]);
  const lines = new LineCounter();
  // the parser tells of the lines that it gets to, and complains of places beyond
  lines.addNewLine(0);
  for (let at = decoded.text.indexOf('\n'); at >= 0; at = decoded.text.indexOf('\n', at + 1))
    lines.addNewLine(at + 1);
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(Math.min(offset, decoded.text.length));
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const refuse = (offset: number, message: string): YamlRead => ({
    ok: false,
    complaints: [{ place: placeAt(offset), message }],
  });
  // The composer calls itself for what lies within, and so does the parser where much ends at once: depth is checked before either.
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  for (const lexeme of new Lexer().lex(decoded.text)) {
    tokens.push(...parser.next(lexeme));
    if (parser.stack.length > MOST_OPEN)
      return refuse(beyondDeepest(parser.stack) ?? parser.offset, TOO_DEEP);
  }
  tokens.push(...parser.end());
  const tooDeep = firstTooDeep(tokens);
  if (tooDeep !== undefined) return refuse(tooDeep, TOO_DEEP);
  const [second] = tokens.filter(({ type }) => type === 'document').slice(1);
  if (second !== undefined) return refuse(second.offset, 'a second document begins here: a file holds one');
  const options = { uniqueKeys: false, prettyErrors: false };
  const [document] = [...new Composer(options).compose(tokens, true, decoded.text.length)];
  if (document === undefined || document.contents === null) return refuse(0, 'this file is empty');
  const broken = syntaxComplaints(document, placeAt);
  if (broken.length > 0) return { ok: false, complaints: atMost(broken) };
  return asFile(toPlain(document), file, placeAt);
}

function asFile(
  { value, places, mistakes }: Plain,
  file: string,
  placeAt: (offset: number) => Place,
): YamlRead {
  if (mistakes.length > 0) {
    const complaints = mistakes.map(({ offset, message }) => ({ place: placeAt(offset), message }));
    return { ok: false, complaints: atMost(complaints) };
  }
  return {
    ok: true,
    yaml: {
      file,
      value,
      place: (pointer) => placeAt(known(places, pointer).value),
      keyPlace: (pointer) => {
        const found = known(places, pointer);
        return placeAt(found.key ?? found.value);
      },
      written: (pointer) => places.get(pointer)?.written,
    },
  };
}

function known(places: YamlPlaces, pointer: string): { readonly key?: number; readonly value: number } {
  const found = places.get(pointer);
  if (found !== undefined) return found;
  return pointer === '' ? { value: 0 } : known(places, pointer.slice(0, pointer.lastIndexOf('/')));
}

/** Offset of the collection that lies too deep, of all that are open. */
function beyondDeepest(open: readonly CST.Token[]): number | undefined {
  return open.filter((token) => 'items' in token)[DEEPEST_YAML + 1]?.offset;
}

/** Offset of the first collection that lies too deep. Walks without calling itself. */
function firstTooDeep(tokens: readonly CST.Token[]): number | undefined {
  const waiting = tokens.map((token) => ({ token, depth: 0 }));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { token, depth } = next;
    if (depth > DEEPEST_YAML) return token.offset;
    if (token.type === 'document' && token.value) waiting.push({ token: token.value, depth });
    if (!('items' in token)) continue;
    for (const { key, value } of token.items) {
      if (key) waiting.push({ token: key, depth: depth + 1 });
      if (value) waiting.push({ token: value, depth: depth + 1 });
    }
  }
  return undefined;
}

/** The parser's own errors; an unknown tag, of which it only warns, is one too. */
function syntaxComplaints(document: Document.Parsed, placeAt: (offset: number) => Place): Complaint[] {
  const found = [...document.errors, ...document.warnings].map((error) => ({
    place: placeAt(error.pos[0]),
    message: wordsFor(error),
  }));
  if (document.directives.yaml.explicit && document.directives.yaml.version !== '1.2') {
    found.push({ place: placeAt(0), message: 'this file must be YAML 1.2: leave the %YAML line out' });
  }
  return found;
}

function wordsFor({ code, message }: YAMLError): string {
  switch (code) {
    case 'TAB_AS_INDENT':
      return 'a tab stands here: YAML wants spaces';
    case 'TAG_RESOLVE_FAILED':
      return `tags are not known here: ${message}`;
    default:
      return `this is not YAML: ${message}`;
  }
}
