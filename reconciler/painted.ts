/** Text for a terminal: lines of a width, each of one colour. Pure. */
import { visible } from './visible.ts';

export type Colour = 'green' | 'yellow' | 'red' | 'cyan' | 'dim' | 'bold';

export type Line = string | { readonly colour: Colour; readonly text: string };

export function paint(colour: Colour, text: string): Line {
  return { colour, text };
}

/** Colours are put on last, over what was made visible: no text from outside gives the terminal orders, and ours do. */
export function painted(lines: readonly Line[], colours: boolean): string {
  const rows = lines.map((line) => {
    if (typeof line === 'string') return visible(line);
    const text = visible(line.text);
    return colours ? `\u001b[${CODES[line.colour]}m${text}\u001b[0m` : text;
  });
  return `${rows.join('\n')}\n`;
}

const CODES: Readonly<Record<Colour, number>> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 };

/** Breaks a sentence into lines of a width, each but the first indented to where the first began. */
export function wrapped(start: string, text: string, width: number): string[] {
  const indent = ' '.repeat(start.length);
  const room = Math.max(20, width - start.length);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines.map((each, index) => `${index === 0 ? start : indent}${each}`);
}
