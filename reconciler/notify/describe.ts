/** A standing in words: one line for a commit status, Markdown for a comment, plain text for mail. Pure. */
import { nameSome } from '../name-some.ts';
import { oneLine } from '../one-line.ts';
import type { FailedOutput } from './message.ts';
import type { FailedThere, Standing } from './standing.ts';

/** @param longest characters that the forge takes */
export function standingLine(standing: Standing, longest: number): string {
  const text = lineOf(standing);
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`.toWellFormed();
}

function lineOf(standing: Standing): string {
  const { state, done, hosts, overtakenBy, failures } = standing;
  const count = `${done} of ${hosts} hosts`;
  const failed =
    failures.length === 0
      ? ''
      : `; failed on ${nameSome([...new Set(failures.map(({ host }) => host))], MOST_LISTED)}`;
  switch (state) {
    case 'nothing':
      return 'No host has a guest that this changes';
    case 'done':
      return `Rolled out: ${count}`;
    case 'overtaken':
      return `Overtaken by ${short(overtakenBy)}`;
    case 'halted':
      return `Halted at ${count}${failed}`;
    case 'under-way':
      return `${count}${waveText(standing)}${failed}`;
  }
}

function waveText({ waves }: Standing): string {
  const open = waves.find(({ done, hosts }) => done < hosts);
  return open === undefined || waves.length === 1 ? '' : `, wave ${open.number}`;
}

/** Named in a sentence; of more than these, how many. */
const MOST_LISTED = 3;

function short(commit: string | null): string {
  return (commit ?? '').slice(0, 12);
}

/** Failures that are told in full. */
const MOST_FAILURES = 20;

/** The comment on a pull request, without its marker. */
export function standingMarkdown(standing: Standing, outputs: readonly FailedOutput[]): string {
  const { commit, guests, waves, failures, overtakenBy, state } = standing;
  const parts = [
    `**${lineOf(standing)}** (${guests.map(code).join(', ')}, commit ${code(short(commit))})`,
    ...(overtakenBy !== null && state !== 'overtaken'
      ? [`Some of it is overtaken by ${code(short(overtakenBy))}.`]
      : []),
    ...(waves.length === 0 ? [] : [table(waves)]),
    ...failures.slice(0, MOST_FAILURES).map((failure) => {
      const output = outputOf(failure, outputs);
      const head = `${code(failure.guest)} failed on ${code(failure.host)}: ${code(failure.detail)}`;
      return output === undefined ? head : `${head}\n\n${fenced(lastLines(output.output))}`;
    }),
    ...(failures.length > MOST_FAILURES ? [`… and ${failures.length - MOST_FAILURES} more failures`] : []),
  ];
  return `${parts.join('\n\n')}\n`;
}

function outputOf(failure: FailedThere, outputs: readonly FailedOutput[]): FailedOutput | undefined {
  return outputs.find(
    ({ host, guest, since }) => host === failure.host && guest === failure.guest && since === failure.since,
  );
}

function table(waves: Standing['waves']): string {
  const rows = waves.map(
    ({ number, of, done, hosts, waits }) =>
      `| ${number} | ${inCell(of)} | ${done} of ${hosts} | ${waits.map(inCell).join('<br>')} |`,
  );
  return ['| wave | hosts | done | |', '|---|---|---|---|', ...rows].join('\n');
}

/** Nothing that is said by a host or a tool is Markdown, a link or somebody's name to call. */
function code(text: string): string {
  const line = oneLine(text).trim().slice(0, LONGEST_LINE).toWellFormed();
  if (line === '') return '–';
  const fence = '`'.repeat(longestRun(line) + 1);
  return line.startsWith('`') || line.endsWith('`') ? `${fence} ${line} ${fence}` : fence + line + fence;
}

const LONGEST_LINE = 500;

/** A bar ends a cell even between backticks, and forges differ in how one is escaped there. */
function inCell(text: string): string {
  return code(text).replaceAll('|', '¦');
}

function fenced(text: string): string {
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1));
  return `${fence}text\n${text}\n${fence}`;
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}

const LAST_LINES = 30;
const LAST_CHARACTERS = 3000;

/** The end of an output, in lines that no terminal and no forge takes for orders. */
export function lastLines(output: string): string {
  const lines = output.replace(/\r\n?/g, '\n').trimEnd().split('\n').slice(-LAST_LINES).map(oneLine);
  return lines.join('\n').slice(-LAST_CHARACTERS).toWellFormed();
}

/** For mail: subject and text. */
export function standingText(
  standing: Standing,
  outputs: readonly FailedOutput[],
): { readonly subject: string; readonly text: string } {
  const { commit, subject, guests, waves, failures } = standing;
  const lines = [
    `${lineOf(standing)} (${guests.join(', ')})`,
    `commit ${commit}: ${oneLine(subject)}`,
    '',
    ...waves.flatMap(({ number, of, done, hosts, waits }) => [
      `wave ${number} (${oneLine(of)}): ${done} of ${hosts} hosts`,
      ...waits.map((wait) => `  ${oneLine(wait)}`),
    ]),
    ...failures.slice(0, MOST_FAILURES).flatMap((failure) => {
      const output = outputOf(failure, outputs);
      return [
        '',
        `${failure.guest} failed on ${failure.host}: ${oneLine(failure.detail)}`,
        ...(output === undefined ? [] : [indented(lastLines(output.output))]),
      ];
    }),
  ];
  return { subject: `${short(commit)} ${oneLine(subject)}: ${lineOf(standing)}`, text: lines.join('\n') };
}

export function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}
