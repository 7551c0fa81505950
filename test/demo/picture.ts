/**
 * Makes docs/demo.svg out of what the demo printed: `npm run --silent demo | node test/demo/picture.ts > docs/demo.svg`. Long
 * outputs are cut, and say so.
 */
import { text } from 'node:stream/consumers';

const COLUMNS = 118;
const LINE = 17;
const LEFT = 14;
/** More of one output than this is left out, and said to be. */
const MOST_OF_OUTPUT = 9;

const printed = (await text(process.stdin))
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals are told colours by them
  .replace(/\u001b\[\d+m/g, '')
  .split('\n')
  .filter((line) => !line.startsWith('>') && !line.startsWith('npm '));
const lines = shorten(printed).slice(0, 140);
process.stdout.write(picture(lines));

/** Long outputs keep their beginning. */
function shorten(all: readonly string[]): string[] {
  const kept: string[] = [];
  let run = 0;
  for (const line of all) {
    run = line.startsWith('   |') ? run + 1 : 0;
    if (run <= MOST_OF_OUTPUT) kept.push(line.length > COLUMNS ? `${line.slice(0, COLUMNS - 1)}…` : line);
    else if (run === MOST_OF_OUTPUT + 1) kept.push('   | …');
  }
  return kept
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
    .split('\n');
}

function picture(shown: readonly string[]): string {
  const height = shown.length * LINE + 2 * LEFT;
  const width = Math.round(COLUMNS * 7.3 + 2 * LEFT);
  const rows = shown.map(
    (line, at) =>
      `<text x="${LEFT}" y="${LEFT + LINE * (at + 0.75)}" fill="${colour(line)}">${escaped(line)}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="npm run demo, as it was printed">
<style>text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;white-space:pre}</style>
<rect width="100%" height="100%" rx="8" fill="#11161d"/>
${rows.join('\n')}
</svg>
`;
}

function colour(line: string): string {
  if (/^\d+\. /.test(line)) return '#6cc7e8';
  if (line.includes('Good "git" signature')) return '#8fd18b';
  if (/REFUSED|refused/.test(line)) return '#e8a06c';
  return line.startsWith('   |') ? '#8b97a5' : '#e3e9f0';
}

function escaped(line: string): string {
  return line
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(' ', '\u00a0');
}
