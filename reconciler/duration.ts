/** Durations as people write them in desired state, in host.yaml and on the command line: `30s`, `90m`, `1h30m`, `1d`. */
import { DAY, HOUR, MINUTE, SECOND } from './clock.ts';

const UNITS: readonly (readonly [string, number])[] = [
  ['d', DAY],
  ['h', HOUR],
  ['m', MINUTE],
  ['s', SECOND],
];

/** The form of a duration; the schemas repeat it. */
export const DURATION_PATTERN = '^(?=\\d)(\\d{1,5}d)?(\\d{1,5}h)?(\\d{1,5}m)?(\\d{1,6}s)?$';

/** Milliseconds, or undefined if the text is no duration. */
export function parseDuration(text: string): number | undefined {
  const match = new RegExp(DURATION_PATTERN).exec(text);
  if (!match) return undefined;
  return UNITS.reduce((sum, [, size], index) => sum + Number.parseInt(match[index + 1] ?? '0', 10) * size, 0);
}

/** The two largest units that are not zero: `2 h 5 min`, `41 s`, `0 s`. */
export function showDuration(ms: number): string {
  const names: Record<string, string> = { d: 'd', h: 'h', m: 'min', s: 's' };
  let rest = Math.max(0, Math.round(ms / SECOND)) * SECOND;
  const parts: string[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${names[unit]}`);
  }
  return parts.slice(0, 2).join(' ') || '0 s';
}
