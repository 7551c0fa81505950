/** The archive of the account: the branch it stands on, and the table that says what is in it. Pure. */
import { isNumber, isOneOf, isString, objectOf, readAs, recordOf } from '../../observed/check.ts';

/** Beside the hosts' branches. Its commits have as parents the one before and what came into the archive with them. */
export const ARCHIVE_BRANCH = 'boxreeve/archive';

/** The one file of its commits. */
export const ARCHIVE_FILE = 'archive.json';

/** Of ten thousand hosts, a fifth of it. Bytes. */
export const LARGEST_ARCHIVE = 8 * 1024 * 1024;

export type ArchivedHost = {
  /** The last of its records that is in the archive. */
  readonly tip: string;
  /** That record's number: how many there are up to it. */
  readonly records: number;
  /** When it was closed, ISO 8601 UTC. */
  readonly time: string;
};

export type ArchiveTable = {
  readonly version: 1;
  /** Records from before the beginning of this month (UTC) are in it, `2026-10`; and all of hosts that had left. */
  readonly before: string;
  readonly hosts: Readonly<Record<string, ArchivedHost>>;
};

const isTable = objectOf<ArchiveTable>({
  version: isOneOf(1),
  before: isString,
  hosts: recordOf(objectOf<ArchivedHost>({ tip: isString, records: isNumber, time: isString })),
});

/** Hosts in the order of their names, so that the same table is the same bytes. */
export function archiveBytes({ version, before, hosts }: ArchiveTable): Buffer {
  const sorted = Object.entries(hosts)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([host, { tip, records, time }]) => [host, { tip, records, time }] as const);
  return Buffer.from(
    `${JSON.stringify({ version, before, hosts: Object.fromEntries(sorted) }, null, 2)}\n`,
    'utf8',
  );
}

/** null: it is no such table. */
export function parseArchive(bytes: Buffer): ArchiveTable | null {
  const table = readAs(isTable, bytes);
  return table !== null && Object.values(table.hosts).every(({ tip }) => /^[0-9a-f]{40,64}$/.test(tip))
    ? table
    : null;
}

/** The beginning of a month `2026-10`, ms since the epoch; null: it is none. */
export function monthBegins(month: string): number | null {
  return /^\d{4}-(?:0[1-9]|1[0-2])$/.test(month) ? Date.parse(`${month}-01T00:00:00Z`) : null;
}
