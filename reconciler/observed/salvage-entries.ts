/** What can still be read in a machine index that was cut off. Pure. */
import type { RawEntries } from './machine-index.ts';
import { isObject } from './vagrant-files.ts';

/** The entries that stand whole in the text, by UUID. */
export function salvageEntries(text: string): RawEntries {
  const entries: Record<string, Readonly<Record<string, unknown>>> = {};
  for (const match of text.matchAll(/"([0-9a-f]{32})"\s*:\s*(?=\{)/g)) {
    const [head, uuid] = match;
    const entry = uuid === undefined ? undefined : objectAt(text, match.index + head.length);
    if (uuid !== undefined && entry !== undefined) entries[uuid] = entry;
  }
  return entries;
}

/** The JSON object that begins at a place of the text; undefined if its end is missing. */
function objectAt(text: string, start: number): Readonly<Record<string, unknown>> | undefined {
  const end = endOfObject(text, start);
  if (end === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text.slice(start, end));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function endOfObject(text: string, start: number): number | undefined {
  let depth = 0;
  let quoted = false;
  for (let at = start; at < text.length; at += 1) {
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
