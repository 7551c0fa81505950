/** The windows of `fleet.yaml`, with what the schema cannot say of them checked. */
import { DAY } from '../clock.ts';
import { parseDuration } from '../duration.ts';
import { parseCron } from '../gate/cron.ts';
import { parseDays } from '../gate/dates.ts';
import { isZone } from '../gate/zone.ts';
import type { DesiredFiles, Loaded } from './desired-files.ts';
import type { Fleet, Window } from './generated/fleet.ts';
import { pointer, showPointer } from './json-pointer.ts';
import { didYouMean } from './nearest.ts';
import type { SpanSpec, WindowSpec } from './spec.ts';

/** By name, also those with mistakes: what names them is not wrong. All mistakes go to the complaints. */
export function readWindows(files: DesiredFiles, fleet: Loaded<Fleet>): ReadonlyMap<string, WindowSpec> {
  const complain: Complain = (at, problem, key) =>
    files.complaints.add(
      key ? fleet.yaml.keyPlace(at) : fleet.yaml.place(at),
      `${showPointer(at)} ${problem}`,
    );
  const { windows = {}, blackouts = [] } = fleet.data;
  checkDates(blackouts, pointer('blackouts'), complain);
  return new Map(
    Object.entries(windows).map(([name, window]) => {
      const at = pointer('windows', name);
      checkZone(window.timezone, at, complain);
      checkDates(window.except ?? [], at + pointer('except'), complain);
      const except = [...blackouts, ...(window.except ?? [])];
      const form = formOf(window, at, complain) ?? { spans: [] };
      return [name, { name, timezone: window.timezone, ...(except.length > 0 && { except }), ...form }];
    }),
  );
}

/** @param key the key is wrong, rather than its value */
type Complain = (at: string, problem: string, key?: 'key') => void;

type Form =
  | SpanSpec
  | { readonly spans: readonly SpanSpec[] }
  | { readonly cron: string; readonly for: number };

/** undefined if it has mistakes. */
function formOf(window: Window, at: string, complain: Complain): Form | undefined {
  if (window.cron !== undefined) return cronForm(window, window.cron, at, complain);
  if (window.for !== undefined) complain(at + pointer('for'), 'goes with cron, and there is none', 'key');
  if (window.spans !== undefined) return spansForm(window, window.spans, at, complain);
  const { days, from, to } = window;
  if (days !== undefined && from !== undefined && to !== undefined) return { days, from, to };
  const missing = (['days', 'from', 'to'] as const).filter((key) => window[key] === undefined);
  complain(at, `lacks ${missing.join(', ')}: a window has days, from and to; or spans; or cron and for`);
  return undefined;
}

function cronForm(window: Window, cron: string, at: string, complain: Complain): Form | undefined {
  for (const key of ['days', 'from', 'to', 'spans'] as const) {
    if (window[key] !== undefined) complain(at + pointer(key), 'does not go with cron', 'key');
  }
  const problem = problemOf(() => parseCron(cron));
  if (problem !== undefined) complain(at + pointer('cron'), `"${cron}" is no cron expression: ${problem}`);
  if (window.for === undefined) {
    complain(at, 'has cron and lacks for: how long it stays open, such as for: 6h');
    return undefined;
  }
  const length = parseDuration(window.for) ?? 0;
  if (length > LONGEST_FOR) complain(at + pointer('for'), `"${window.for}" is longer than 7d`);
  return { cron, for: length };
}

const LONGEST_FOR = 7 * DAY;

function spansForm(
  window: Window,
  spans: NonNullable<Window['spans']>,
  at: string,
  complain: Complain,
): Form | undefined {
  for (const key of ['from', 'to'] as const) {
    if (window[key] !== undefined)
      complain(at + pointer(key), 'does not go with spans: put it into one', 'key');
  }
  return {
    spans: spans.flatMap(({ days = window.days, from, to }, index) => {
      if (days !== undefined) return [{ days, from, to }];
      complain(at + pointer('spans', index), 'lacks days, and so does its window');
      return [];
    }),
  };
}

function checkZone(timezone: string, at: string, complain: Complain): void {
  if (isZone(timezone)) return;
  const meant = didYouMean(timezone, Intl.supportedValuesOf('timeZone'));
  complain(at + pointer('timezone'), `"${timezone}" is no IANA time zone${meant}`);
}

function checkDates(dates: readonly string[], at: string, complain: Complain): void {
  for (const [index, text] of dates.entries()) {
    const problem = problemOf(() => parseDays(text));
    if (problem !== undefined) complain(at + pointer(index), `"${text}" cannot be: ${problem}`);
  }
}

function problemOf(parse: () => unknown): string | undefined {
  try {
    parse();
    return undefined;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return error.message;
  }
}
