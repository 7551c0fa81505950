/** The commit message of a record: for people, and for `git log --format='%(trailers)'`. Pure. */
import { showDuration } from '../duration.ts';
import { oneLine } from '../one-line.ts';
import { recordPath } from './paths.ts';
import type { AuditRecord, RecordedAction } from './record.ts';

export function commitMessage(record: AuditRecord): string {
  const { host, summary, desired } = record;
  const body = [
    ...(desired === null ? [] : [desiredLine(desired)]),
    ...record.actions.map(actionLine),
    ...record.gates.map((gate) => `held by: ${gate.detail}`),
    ...record.probes.map(
      (probe) =>
        `probe ${probe.name} of ${probe.guest}: ${probe.ok ? 'ok' : 'FAILED'} (${line(probe.detail)})`,
    ),
    ...(record.violations ?? []).map(({ guest, kind, detail }) => `VIOLATION ${kind} of ${guest}: ${detail}`),
    ...record.notes.map((note) => `note: ${note}`),
  ].map(line);
  const trailers = [
    `Boxreeve-Record: ${recordPath(host, record.time, record.id)}`,
    `Boxreeve-Desired: ${desired?.commit ?? 'none'}`,
    `Boxreeve-Outcome: ${record.outcome}`,
  ];
  const parts = [line(`${host}: ${summary}`), body.join('\n'), trailers.join('\n')];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function desiredLine({
  commit,
  subject,
  author,
  signedBy,
  pullRequest,
}: NonNullable<AuditRecord['desired']>): string {
  const signed = signedBy === null ? '' : `, signed by ${signedBy}`;
  const request = pullRequest === null ? '' : `, pull request ${pullRequest}`;
  return `desired: ${commit.slice(0, 12)} ${subject} (${author}${signed}${request})`;
}

function actionLine({ kind, guest, box, reason, result, durationMs, error }: RecordedAction): string {
  const why = error === null ? '' : `: ${error}`;
  return `${kind} ${guest ?? box ?? 'host'}: ${reason}; ${result} in ${showDuration(durationMs)}${why}`;
}

/** A line of a message must not be able to begin a trailer, or a paragraph, of its own. */
function line(text: string): string {
  return oneLine(text).trim();
}
