/** A roll-out for people to read. Pure. */
import { showDuration } from '../duration.ts';
import { oneLine } from '../one-line.ts';
import { type Colour, type Line, paint, painted, wrapped } from '../painted.ts';
import type { HeldLease } from '../rollout/read-leases.ts';
import type {
  GuestLine,
  HostGuestLine,
  HostLine,
  RolloutDocument,
  RolloutState,
  WaveLine,
} from './rollout-document.ts';

export type ShowOptions = {
  readonly color: boolean;
  /** Columns to fill. */
  readonly width: number;
};

export function showRollout(document: RolloutDocument, { color, width }: ShowOptions): string {
  const lines: readonly Line[] = [
    ...headline(document, width),
    ...document.guests.flatMap((guest) => guestLines(guest, document, width)),
    ...marked('red', 'offline: ', document.offline === null ? [] : [document.offline], width),
    ...marked('yellow', 'cannot be read: ', document.problems, width),
    ...marked(
      'red',
      'HALTED: ',
      document.halts.map(({ detail }) => detail),
      width,
    ),
    ...document.waves.flatMap((wave) => ['', ...waveLines(wave, width)]),
    ...remarks(document, width),
  ];
  return painted(lines, color);
}

function headline({ commit, subject, state, rollout }: RolloutDocument, width: number): Line[] {
  const text = `${commit.slice(0, 7)} ${subject}: ${STATES[state]}`;
  return [
    ...wrapped('', text, width).map((line) => paint('bold', line)),
    ...(rollout
      ? []
      : wrapped('', 'fleet.yaml has no rollout: no host waits for another, and nothing is halted', width)),
  ];
}

const STATES: Readonly<Record<WaveLine['state'], string>> = {
  done: 'done',
  'under-way': 'under way',
  halted: 'HALTED',
  waiting: 'waits',
  empty: 'no host is in it',
};

const COLOURS: Readonly<Partial<Record<WaveLine['state'] | HostGuestLine['state'], Colour>>> = {
  done: 'green',
  'under-way': 'cyan',
  soaking: 'cyan',
  halted: 'red',
  failed: 'red',
  unhealthy: 'red',
  silent: 'yellow',
  unprobed: 'yellow',
  empty: 'dim',
};

function inColour(state: RolloutState | WaveLine['state'] | HostGuestLine['state'], text: string): Line {
  const colour = COLOURS[state];
  return colour === undefined ? text : paint(colour, text);
}

function guestLines({ guest, done, hosts, wave, state }: GuestLine, all: RolloutDocument, width: number) {
  const where = wave === null ? '' : `, wave ${wave} of ${all.waves.length}`;
  const halted = state === 'halted' ? ', HALTED' : '';
  const text = `${done} of ${hosts === 1 ? '1 host' : `${hosts} hosts`} done${where}${halted}`;
  return wrapped(`  ${guest}: `, text, width).map((line) => inColour(state, line));
}

function marked(colour: Colour, start: string, texts: readonly string[], width: number): Line[] {
  return texts.flatMap((text) => wrapped(`  ${start}`, text, width).map((line) => paint(colour, line)));
}

function waveLines(wave: WaveLine, width: number): Line[] {
  const { number, of, soakMs, state, waits, hosts } = wave;
  const soak = soakMs === 0 ? '' : `, soak ${showDuration(soakMs)}`;
  const rows = hosts.flatMap(rowsOf);
  return [
    ...wrapped('', `wave ${number} (${of}${soak}): ${STATES[state]}`, width).map((line) =>
      inColour(state, line),
    ),
    ...waits.flatMap(({ guest, halted, detail }) =>
      // why is told once, above
      wrapped(`  ${guest} `, halted ? 'is halted' : `is ${detail}`, width),
    ),
    ...tableOf(chosen(rows), width),
    ...omitted(rows),
  ];
}

type Row = {
  readonly state: HostGuestLine['state'];
  readonly cells: readonly string[];
  readonly detail: string;
};

function rowsOf({ host, silent, guests }: HostLine): readonly Row[] {
  if (guests.length === 0)
    return silent === null ? [] : [{ state: 'silent', cells: [host, '', 'unknown', ''], detail: silent }];
  return guests.map(({ guest, state, since, detail }) => ({
    state,
    cells: [host, guest, state, since === null ? '' : minuteOf(since)],
    // a line break in it would begin a line of its own
    detail: oneLine(detail ?? ''),
  }));
}

/** What a person can look through; `--json` has all. */
const MOST_ROWS = 40;

/** What needs somebody to look at it comes first where not all is shown. */
const BY_NEED: readonly HostGuestLine['state'][] = [
  ...(['failed', 'unhealthy', 'silent', 'unprobed', 'soaking', 'behind', 'pending', 'done'] as const),
];

function chosen(rows: readonly Row[]): readonly Row[] {
  if (rows.length <= MOST_ROWS) return rows;
  return byNeed(rows).slice(0, MOST_ROWS);
}

function byNeed(rows: readonly Row[]): readonly Row[] {
  return rows.toSorted((one, other) => BY_NEED.indexOf(one.state) - BY_NEED.indexOf(other.state));
}

function omitted(rows: readonly Row[]): Line[] {
  if (rows.length <= MOST_ROWS) return [];
  const more = byNeed(rows).slice(MOST_ROWS);
  const counts = BY_NEED.flatMap((state) => {
    const count = more.filter((row) => row.state === state).length;
    return count === 0 ? [] : [`${count} ${state}`];
  });
  return [paint('dim', `  and ${more.length} more: ${counts.join(', ')} (--json has all)`)];
}

/** A detail stands beside its row if it fits there, else below it; rows that do not fit themselves are no table. */
function tableOf(rows: readonly Row[], width: number): Line[] {
  const sizes = [0, 1, 2, 3].map((column) =>
    Math.max(0, ...rows.map(({ cells }) => cells[column]?.length ?? 0)),
  );
  const whole = sizes.reduce((sum, size) => sum + size + 2, 0);
  return rows.flatMap(({ state, cells, detail }) => {
    const row = `  ${cells.map((cell, column) => cell.padEnd(sizes[column] ?? 0)).join('  ')}`;
    const lines =
      whole > width
        ? listOf(cells, detail, width)
        : row.length + 2 + detail.length <= width
          ? [`${row}  ${detail}`]
          : [row, ...wrapped('      ', detail, width)];
    return lines.map((line) => inColour(state, line.trimEnd()));
  });
}

function listOf(
  [host = '', guest = '', state = '', since = '']: Row['cells'],
  detail: string,
  width: number,
) {
  const more = [since, detail].filter((part) => part !== '').join(', ');
  const head = wrapped('  ', [host, guest, state].filter((part) => part !== '').join(' '), width);
  return more === '' ? head : [...head, ...wrapped('      ', more, width)];
}

/** `2026-01-14 12:00Z` */
function minuteOf(time: string): string {
  return `${time.slice(0, 10)} ${time.slice(11, 16)}Z`;
}

function remarks({ resumes, leases }: RolloutDocument, width: number): Line[] {
  const taken = leases.held.length + leases.unreadable.length;
  const lines = [
    ...(taken === 0 || leases.most === null ? [] : [`${taken} of ${leases.most} leases are taken`]),
    ...leases.held.map(leaseText),
    ...leases.unreadable.map(
      (slot) => `lease ${slot}: boxreeve/lease-${slot} cannot be read, so it counts as taken`,
    ),
    ...(leases.of === 'git' ? [] : [`leases are with ${leases.of}`]),
    ...resumes.map(({ guest, by, time, reason, forgiven }) => {
      const who = by === null ? 'somebody who can push (no signature is asked for)' : by;
      const what = forgiven.map(({ host }) => host).join(', ');
      return `resumed ${guest} in spite of ${what}, ${minuteOf(time)} by ${who}: ${reason}`;
    }),
  ];
  return lines.length === 0 ? [] : ['', ...lines.flatMap((line) => wrapped('  ', line, width))];
}

function leaseText({ slot, host, guests, since, until }: HeldLease): string {
  const what = guests.length === 0 ? '' : ` for ${guests.join(', ')}`;
  return `lease ${slot}: ${host}${what}, since ${minuteOf(since)}, until ${minuteOf(until)}`;
}
