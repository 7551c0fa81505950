/**
 * Secrets that cannot be mistaken for anything else. Each has two cores, twelve random hexadecimal digits at either end, which no
 * encoding of text changes: whatever is left of a secret, in whatever spelling, one of them is in it.
 */
import { randomBytes } from 'node:crypto';

export type Canary = { readonly name: string; readonly value: string; readonly cores: readonly string[] };

/** @param lay puts the two cores into a value */
export function newCanary(name: string, lay: (first: string, last: string) => string): Canary {
  const cores = [randomBytes(6).toString('hex'), randomBytes(6).toString('hex')];
  return { name, value: lay(cores[0] ?? '', cores[1] ?? ''), cores };
}

/** What to look for: the cores as they are, in hex, and in base64 at each of the three places where they may begin. */
export function tracesOf(canary: Canary): readonly string[] {
  return canary.cores.flatMap((core) => {
    const bytes = Buffer.from(core);
    const hex = bytes.toString('hex');
    return [core, hex, hex.toUpperCase(), ...[0, 1, 2].map((offset) => insideBase64(bytes, offset))];
  });
}

function insideBase64(bytes: Buffer, offset: number): string {
  const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
  return encoded.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
}

/** Names of the canaries that left a trace in some bytes. */
export type Search = (bytes: Buffer | string) => readonly string[];

export function searchFor(canaries: readonly Canary[]): Search {
  const all = canaries.map((canary) => ({ name: canary.name, traces: tracesOf(canary) }));
  return (bytes) =>
    all.filter(({ traces }) => traces.some((trace) => bytes.includes(trace))).map(({ name }) => name);
}
