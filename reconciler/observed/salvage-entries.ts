/** What can still be read in a machine index that was cut off. Pure. */
import type { RawEntries } from './machine-index.ts';
import { isObject } from './vagrant-files.ts';

/** The key of an entry, and all up to the object that it stands for. */
const KEY = /"([0-9a-f]{32})"\s{0,100}:\s{0,100}(?=\{)/g;

/** The entries that stand whole in the text, by UUID. An entry ends before the next begins, so that no text is gone through twice. */
export function salvageEntries(text: string): RawEntries {
  const entries: [string, Readonly<Record<string, unknown>>][] = [];
  const keys = [...text.matchAll(KEY)];
  for (const [at, { 0: head, 1: uuid, index }] of keys.entries()) {
    const entry = objectIn(text.slice(index + head.length, keys[at + 1]?.index));
    if (uuid !== undefined && entry !== undefined) entries.push([uuid, entry]);
  }
  return Object.fromEntries(entries);
}

/** The JSON object that a text begins with; undefined if its end is missing. */
function objectIn(text: string): Readonly<Record<string, unknown>> | undefined {
  const end = endOfObject(text);
  if (end === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text.slice(0, end));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function endOfObject(text: string): number | undefined {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at];
    if (quoted && sign === '\\') at += 1;
    else if (sign === '"') quoted = !quoted;
    else if (!quoted && sign === '{') depth += 1;
    else if (!quoted && sign === '}') {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return undefined;
}
