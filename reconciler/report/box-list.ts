/** What `boxreeve box list` prints, as JSON and for people. Pure. */
import type { BoxesTold } from '../audit/boxes-told.ts';
import type { RecordedBox } from '../audit/record.ts';
import type { BoxRef } from '../plan/plan.ts';
import { compareVersions } from '../plan/version-order.ts';

export type HostBoxes = BoxesTold & {
  /** `live`: looked at just now. `record`: by its newest record that says so. */
  readonly source: 'live' | 'record' | 'none';
};

export type BoxListDocument = {
  /** By name, provider and version, the newest version first. */
  readonly boxes: readonly (BoxRef & {
    readonly sha256: string | null;
    readonly hosts: readonly (Pick<RecordedBox, 'added' | 'file' | 'verifiedAt' | 'usedBy'> & {
      readonly host: string;
    })[];
  })[];
  readonly hosts: readonly Omit<HostBoxes, 'boxes'>[];
  /** Why the remote could not be asked; null when it was. */
  readonly offline: string | null;
};

export function boxListDocument(hosts: readonly HostBoxes[], offline: string | null): BoxListDocument {
  const rows = new Map<string, BoxListDocument['boxes'][number]>();
  for (const { host, boxes } of hosts) {
    for (const { name, version, provider, sha256, added, file, verifiedAt, usedBy } of boxes) {
      const key = JSON.stringify([name, version, provider, sha256]);
      const row = rows.get(key) ?? { name, version, provider, sha256, hosts: [] };
      rows.set(key, { ...row, hosts: [...row.hosts, { host, added, file, usedBy, verifiedAt }] });
    }
  }
  return {
    boxes: [...rows.values()].sort(inOrder),
    hosts: hosts.map(({ boxes: _, ...host }) => host),
    offline,
  };
}

function inOrder(one: BoxRef, other: BoxRef): number {
  if (one.name !== other.name) return one.name < other.name ? -1 : 1;
  if (one.provider !== other.provider) return one.provider < other.provider ? -1 : 1;
  return compareVersions(other.version, one.version);
}

const HEADINGS = ['BOX', 'VERSION', 'PROVIDER', 'SHA-256', 'HOST', 'HAS', 'USED BY', 'FILE VERIFIED'];

export function showBoxList({ boxes, hosts, offline }: BoxListDocument): string {
  const doubtful = new Set(
    hosts.filter(({ source, verified }) => source === 'record' && !verified).map(({ host }) => host),
  );
  const rows = boxes.flatMap((box) =>
    box.hosts.map(({ host, added, file, usedBy, verifiedAt }) => [
      ...[box.name, box.version, box.provider, box.sha256?.slice(0, 8) ?? 'not known'],
      doubtful.has(host) ? `${host} (unverified)` : host,
      [added ? 'added' : null, file ? 'file' : null].filter((part) => part !== null).join(', '),
      usedBy.join(', ') || '-',
      verifiedAt === null ? '-' : minuteOf(verifiedAt),
    ]),
  );
  const table =
    rows.length === 0 ? ['no host is known to have a box of the catalogue'] : tableOf([HEADINGS, ...rows]);
  return [
    ...table,
    '',
    ...hosts.map(hostLine),
    ...(offline === null ? [] : ['as last seen: the remote cannot be reached']),
  ].join('\n');
}

function hostLine({ host, source, time, verified, detail }: BoxListDocument['hosts'][number]): string {
  if (source === 'live') return `${host}: as it is now`;
  if (source === 'none') return `${host}: not known, ${detail}`;
  const when = `by its record of ${time === null ? 'no time' : minuteOf(time)}`;
  return `${host}: ${when}${verified ? '' : `, which is UNVERIFIED: it ${detail}`}`;
}

/** `2026-01-14 12:00Z` */
function minuteOf(time: string): string {
  return `${time.slice(0, 10)} ${time.slice(11, 16)}Z`;
}

function tableOf(rows: readonly (readonly string[])[]): string[] {
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
