/** The account, for people. Pure. */
import { ARCHIVE_BRANCH } from '../audit/archive/archive-form.ts';
import type { AccountEntry } from '../audit/fleet-account.ts';
import { commitMessage } from '../audit/message.ts';
import type { AuditRecord } from '../audit/record.ts';
import type { HostAccount } from '../audit/verify.ts';

export function showLog(entries: readonly AccountEntry[]): string {
  if (entries.length === 0) return 'no records yet';
  return entries
    .map(
      ({ commit, record }) =>
        `${commit.slice(0, 9)} ${record.time.slice(0, 19)}Z ${record.host} #${record.sequence} ${record.outcome.padEnd(11)} ${record.summary}`,
    )
    .join('\n');
}

export function showRecord(commit: string, signature: string, record: AuditRecord): string {
  const output = record.actions.flatMap(({ kind, guest, box, output: text }) =>
    text === ''
      ? []
      : ['', `output of ${kind} ${guest ?? box ?? ''}:`, ...text.split('\n').map((line) => `  | ${line}`)],
  );
  return [
    `record ${record.id}`,
    `commit ${commit}`,
    `signature ${signature}`,
    `number ${record.sequence}, ${record.kind}, ${record.outcome}, ${record.time}, woken by ${record.trigger}`,
    `versions boxreeve ${record.versions.boxreeve}, vagrant ${record.versions.vagrant ?? 'unknown'}${Object.entries(
      record.versions.providers,
    )
      .map(([name, version]) => `, ${name} ${version}`)
      .join('')}`,
    ...Object.entries(record.fingerprints).map(
      ([guest, print]) => `fingerprint of ${guest}: ${print ?? 'not proven'}`,
    ),
    ...Object.entries(record.witness).map(([host, tip]) => `witness ${host} at ${tip.slice(0, 12)}`),
    '',
    commitMessage(record).trimEnd(),
    ...output,
  ].join('\n');
}

export function showVerdict(hosts: readonly HostAccount[], offline: string | null): string {
  const lines = hosts.flatMap(({ host, tip, records, checked, findings }) => [
    `${host}: ${records} ${host === ARCHIVE_BRANCH ? 'accounts' : 'records'}${checked < records ? `, ${checked} of them new` : ''}${tip === null ? '' : ` up to ${tip.slice(0, 9)}`}, ${findings.length === 0 ? 'all good' : `${findings.length} FINDINGS`}`,
    ...findings.map(
      ({ kind, commit, problem }) => `  ${kind}: ${commit?.slice(0, 12) ?? 'the branch'} ${problem}`,
    ),
  ]);
  const found = hosts.reduce((sum, { findings }) => sum + findings.length, 0);
  const end = found === 0 ? 'the account is whole' : `the account is NOT whole: ${found} findings`;
  return [...lines, `${end}${offline === null ? '' : ' (as last seen: the remote cannot be reached)'}`].join(
    '\n',
  );
}
