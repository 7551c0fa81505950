/** What must hold of a YAML file's bytes before a parser sees them. */
import { isUtf8 } from 'node:buffer';
import type { Complaint } from '../errors.ts';
import { LARGEST_YAML, showBytes } from './limits.ts';

export type YamlText = { readonly text: string } | { readonly complaint: Complaint };

/** UTF-8, not too large, and without characters that no editor shows. */
export function decodeYaml(content: Buffer, file: string): YamlText {
  if (content.length > LARGEST_YAML) {
    const message = `is ${showBytes(content.length)} long; the most is ${showBytes(LARGEST_YAML)}`;
    return { complaint: { place: { file }, message } };
  }
  if (!isUtf8(content)) {
    return {
      complaint: {
        place: { file, ...firstBadByte(content) },
        message: 'this is not UTF-8: save the file as UTF-8',
      },
    };
  }
  const text = content.toString('utf8').replace(/^\uFEFF/, '');
  const control = CONTROL.exec(text);
  if (control === null) return { text };
  const before = text.slice(0, control.index).split(/\r?\n/);
  const code = control[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
  return {
    complaint: {
      place: { file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 },
      message: `a control character (U+${code}) stands here`,
    },
  };
}

/** All but tab, line feed and carriage return (YAML 1.2, c-printable). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/;

/** Line and column of the first byte that is part of no character. No other character's bytes hold a line feed. */
function firstBadByte(content: Buffer): { readonly line: number; readonly column: number } {
  let start = 0;
  for (let line = 1; ; line += 1) {
    const end = content.indexOf(0x0a, start);
    const bytes = content.subarray(start, end < 0 ? content.length : end);
    if (!isUtf8(bytes) || end < 0) return { line, column: firstBadColumn(bytes) };
    start = end + 1;
  }
}

/** Decoding puts U+FFFD for what is no character: the first one that was not written so is the place. */
function firstBadColumn(bytes: Buffer): number {
  let offset = 0;
  let column = 1;
  for (const character of bytes.toString('utf8')) {
    const written = Buffer.from(character);
    if (!bytes.subarray(offset, offset + written.length).equals(written)) break;
    offset += written.length;
    column += character.length;
  }
  return column;
}
